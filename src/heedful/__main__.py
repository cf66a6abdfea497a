"""`python -m heedful` is the command `heedful`."""

import sys

from heedful.cli.main import main

sys.exit(main())
