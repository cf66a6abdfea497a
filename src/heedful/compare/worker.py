"""One method in a process of its own: `python -m heedful.compare.worker METHOD FOLDER`, the job on stdin.

A process of its own has its own peak memory, can be ended at its time, and takes nobody with it when it dies.
It lives no longer than its parent: when stdin ends, it ends.
"""

import json
import os
import sys
import traceback
from threading import Thread

from heedful.errors import HeedfulError


def main() -> None:
    """Do the job that stands on the first line of stdin; on failure the last line of stderr says why."""
    job = json.loads(sys.stdin.buffer.readline())
    Thread(target=_leave_with_parent, daemon=True).start()
    try:
        from heedful.compare.trial import try_method

        try_method(job)
    except HeedfulError as problem:
        _leave(str(problem))
    except MemoryError:
        _leave("it needed more memory than there is.")
    except Exception as problem:
        traceback.print_exc()
        _leave(f"{type(problem).__name__}: {problem}")


def _leave(why: str) -> None:
    print("\n" + " ".join(why.split()), file=sys.stderr, flush=True)
    os._exit(1)


def _leave_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
