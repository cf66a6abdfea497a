"""`heedful index`: make and keep an index of texts."""

import click

from heedful.cli.index_add import add
from heedful.cli.index_build import build
from heedful.cli.index_check import check
from heedful.cli.index_delete import delete
from heedful.cli.index_info import info

ABOUT = """Make an index of texts for `heedful search`, and keep it up to date.

Every change is whole or absent: what a command reported done is on the disk, whatever happens next."""

index = click.Group("index", help=ABOUT, commands=[build, add, delete, check, info], no_args_is_help=False)
