"""The command `heedful`: verbs that load when they are used, errors that are one line."""

import json
import os
import sys
import time
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

import click

from heedful import __version__
from heedful.errors import HeedfulError

VERBS = {
    "compare": ("heedful.cli.compare:compare", "Find out which method is good enough for a table of text."),
    "label": ("heedful.cli.label:label", "Give texts labels at the terminal, the telling ones first."),
    "predict": ("heedful.cli.predict:predict", "Label texts with a saved classifier."),
    "serve": ("heedful.cli.serve:serve", "Answer over HTTP with a saved classifier."),
    "generate": ("heedful.cli.generate:generate", "Let a model continue a prompt, or answer it."),
    "translate": ("heedful.cli.translate:translate", "Translate texts, line by line."),
    "encode": ("heedful.cli.encode:encode", "Turn the texts of a table into vectors."),
    "compare-texts": ("heedful.cli.compare_texts:compare_texts", "Show how alike two texts are, and why."),
    "fill": ("heedful.cli.fill:fill", "Fill the gaps of a text with a masked model."),
    "summarize": ("heedful.cli.summarize:summarize", "Summarise documents by sentences of their own."),
    "index": ("heedful.cli.index:index", "Make an index of texts, and keep it up to date."),
    "search": ("heedful.cli.search:search", "Find texts of an index by meaning, by words, or both."),
    "topics": ("heedful.cli.topics:topics", "Find the topics of a table of text, on one page with a map."),
    "see": ("heedful.cli.see:see", "Show what a transformer does with one sentence, step by step."),
    "lineage": ("heedful.cli.lineage:lineage", "Repeat the experiments that led to the transformer."),
    "info": ("heedful.cli.info:info", "Show what a model is, in figures."),
    "clean": ("heedful.cli.clean:clean", "Clean the texts of a corpus for pretraining."),
    "pretrain": ("heedful.cli.pretrain:pretrain", "Train a model from nothing on a corpus."),
    "fit": ("heedful.cli.fit:fit", "Train a model for a task: labels, names, translation ..."),
    "mine": ("heedful.cli.mine:mine", "Find hard negatives for pairs of texts."),
    "convert": ("heedful.cli.convert:convert", "Write a model as a clean safetensors folder."),
    "fetch": ("heedful.cli.fetch:fetch", "Download models and tables from the catalogue."),
}

WORKER = 3.0  # seconds that a further process of a training waits before it complains


class LazyGroup(click.Group):
    """A group that imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name.startswith("-"):
            return None
        if cmd_name not in VERBS:
            near = get_close_matches(cmd_name, VERBS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(VERBS)}."
            raise click.UsageError(f"there is no verb {cmd_name!r}. {hint}", ctx)
        module, _, name = VERBS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, about) for verb, (_, about) in VERBS.items()])


@click.group(cls=LazyGroup, invoke_without_command=True, subcommand_metavar="VERB ...")
@click.version_option(__version__, prog_name="heedful", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """Heedful: from a table of labelled text to an honest leaderboard and a model in service."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return the exit code: 0 done, 2 bad input, 1 failure, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app.main(given, prog_name="heedful", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        return leave_quietly()
    except (Exception, KeyboardInterrupt) as problem:
        return complain(problem, as_json=wants_json(given))


def wants_json(arguments: Sequence[str]) -> bool:
    """Is `--json` among the options (before a `--`)?"""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return "--json" in arguments[:end]


def complain(problem: BaseException, as_json: bool) -> int:
    """Print one line on stderr (and one JSON document on stdout when asked); return the exit code."""
    sentence, code = verdict(problem)
    if code == 1 and os.environ.get("HEEDFUL_DEBUG"):
        import traceback

        traceback.print_exception(problem)
    if os.environ.get("RANK", "0") != "0":
        time.sleep(WORKER)  # the first process says it too; where that fails as well, this one is ended here
    try:
        if as_json:
            click.echo(json.dumps({"error": sentence}))
        click.echo(f"heedful: {sentence}", err=True)
    except BrokenPipeError:
        leave_quietly()
    return code


def verdict(problem: BaseException) -> tuple[str, int]:
    """Return the sentence for an error, and the exit code."""
    if isinstance(problem, HeedfulError):
        return one_line(problem), problem.exit_code
    if isinstance(problem, click.UsageError):
        verb = problem.ctx.command_path if problem.ctx else "heedful"
        return f"{one_line(problem.format_message())} See `{verb} --help`.", 2
    if isinstance(problem, click.ClickException):
        return one_line(problem.format_message()), problem.exit_code
    if isinstance(problem, (click.Abort, KeyboardInterrupt)):
        return "interrupted", 130
    if isinstance(problem, MemoryError):
        return "the memory ran out. Close other programs, or give fewer rows.", 1
    if isinstance(problem, OSError) and problem.strerror:
        return one_line(f"{problem.filename or 'the system'}: {problem.strerror}."), 1
    name = type(problem).__name__
    return f"unexpected {name}: {one_line(problem)}: please report (HEEDFUL_DEBUG=1 shows where).", 1


def one_line(message: object) -> str:
    """Fold a message into one line."""
    return " ".join(str(message).split())


def leave_quietly() -> int:
    """The reader of our output has gone: send what is left nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
