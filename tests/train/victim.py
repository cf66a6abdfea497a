"""Trainings that get killed: this process imports everything once and forks one for each attempt.

It reads requests as lines of JSON and answers each with one. A request has the words of a `heedful` command,
`save_seconds`, and may have
`kill`: {"after": seconds}, so long after the beginning, or after the training came to a `place` (one of the
savings below, or a file that it opens to write) for the `number`-th time; `signals` are sent, `pause` seconds
apart (usually one SIGKILL);
`limit`: {"place", "number", "bytes"}: from there on no file can grow beyond so many bytes, as if the disk
were full.
"""

import functools
import json
import os
import resource
import select
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # the first optimiser would import it

import heedful.cli.told  # the verb would import it
from heedful.cli.main import main as heedful
from heedful.data import tokens
from heedful.tasks import prepare, pretrain, pretraining
from heedful.train import checkpoints, metrics, report

SAVINGS = [  # a module, what it saves with, and our name for that
    (checkpoints, "writing", "checkpoint"),
    (checkpoints, "sweep", "sweep"),
    (pretraining, "writing", "model"),
    (prepare, "writing", "tokenizer"),
    (tokens, "writing", "tokens"),
    (metrics, "replacing", "metrics"),
    (report, "replacing", "report"),
]
MARK = "\0"  # before our own words, among what the command prints
Request = dict[str, Any]


def begin_of(name: str) -> str:
    """Return the word that a saving begins."""
    return f"{MARK}in {name}"


def end_of(name: str) -> str:
    """Return the word that it has ended."""
    return f"{MARK}out {name}"


def main() -> None:
    """Answer requests until there are no more."""
    torch.set_num_threads(1)
    pretraining.matrix_peak = lambda: 1e10  # it takes half a second and is only told
    for line in sys.stdin:
        assert len(list(Path("/proc/self/task").iterdir())) == 1, "a process with threads is not to be forked"
        print(json.dumps(attempt(json.loads(line))), flush=True)


def attempt(request: Request) -> dict[str, Any]:
    """Run the command in a process of its own; say how it ended, how long it took, and what it was at."""
    begin = time.monotonic()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        work(request, write)
    os.close(write)
    heard = follow(child, read, request.get("kill"))
    os.close(read)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    words = [word for word, _ in heard]
    names = [name for _, _, name in SAVINGS]
    return {
        "code": code,
        "seconds": time.monotonic() - begin,
        "inside": [name for name in names if words.count(begin_of(name)) > words.count(end_of(name))],
        "times": {name: words.count(begin_of(name)) for name in names},
        "took": {name: usual(heard, name) for name in names},
        "errors": "\n".join(word for word in words if not word.startswith(MARK)),
    }


def work(request: Request, write: int) -> None:
    """Run the command and never return; tell of the savings through the pipe."""
    limit = request.get("limit") or {"place": "nowhere", "number": 0}
    seen = 0

    def tell(word: str) -> None:
        nonlocal seen
        os.write(write, word.encode() + b"\n")
        seen += word == begin_of(limit["place"])
        if seen and seen == limit["number"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit["bytes"], limit["bytes"]))

    def opened(event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[1], str) and set(given[1]) & set("wa"):
            tell(begin_of(Path(given[0]).name))

    for module, saver, name in SAVINGS:
        setattr(module, saver, telling(getattr(module, saver), name, tell))
    pretrain.pretrain = functools.partial(pretrain.pretrain, save_seconds=request["save_seconds"])
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(write, 2)  # a file would be limited
    sys.addaudithook(opened)
    os._exit(heedful(request["command"]))


def telling(saver: Callable[..., Any], name: str, tell: Callable[[str], None]) -> Callable[..., Any]:
    """Return the saver as one that tells when it begins and ends."""

    def plain(*given: Any) -> None:
        tell(begin_of(name))
        saver(*given)
        tell(end_of(name))

    @contextmanager
    def around(*given: Any) -> Iterator[Any]:
        tell(begin_of(name))
        with saver(*given) as fresh:
            yield fresh
        tell(end_of(name))

    return plain if name == "sweep" else around


def follow(child: int, read: int, kill: Request | None) -> list[tuple[str, float]]:
    """Listen until the process has ended, and end it when it is time; return words and when they came."""
    heard: list[tuple[str, float]] = []
    signals = list(kill.get("signals", [signal.SIGKILL])) if kill else []
    due = time.monotonic() + kill["after"] if kill and "place" not in kill else None
    while True:
        ready, _, _ = select.select([read], [], [], None if due is None else max(0.0, due - time.monotonic()))
        if not ready:
            os.kill(child, signals.pop(0))
            due = time.monotonic() + kill["pause"] if kill and signals else None
            continue
        piece = os.read(read, 1 << 16)
        if not piece:
            return heard
        heard += [(word, time.monotonic()) for word in piece.decode().splitlines()]
        if (
            kill
            and "place" in kill
            and sum(word == begin_of(kill["place"]) for word, _ in heard) >= kill["number"]
        ):
            due, kill = time.monotonic() + kill.pop("after"), {"pause": kill.get("pause", 0.0)}


def usual(heard: list[tuple[str, float]], name: str) -> float:
    """Return the seconds that a saving of this kind usually took."""
    begins = [when for word, when in heard if word == begin_of(name)]
    ends = [when for word, when in heard if word == end_of(name)]
    return statistics.median([end - begin for begin, end in zip(begins, ends, strict=False)] or [0.0])


if __name__ == "__main__":
    main()
