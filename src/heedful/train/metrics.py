"""The figures of a run as JSON lines, one by one while it works, and for TensorBoard where that is asked for.

Two kinds of lines: of training ("step", "epoch", "loss", "rate", "norm", "tokens", "seconds",
"tokens_per_second") and of evaluation ("step", "dev": a name and a value each).
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from heedful.errors import ConfigError, DataError
from heedful.storage import replacing, room_for

DIGITS = 6  # significant ones of a figure
LONGEST = 1 << 20  # bytes of a line; one of Heedful's has some hundred


class Metrics:
    """Appends lines to `file` (None: nowhere), each handed to the system as soon as it is written.

    `tensorboard` names a folder for the same figures as scalars; it needs the package of that name.
    """

    def __init__(self, file: Path | None, tensorboard: Path | None = None) -> None:
        self.file, self.board = file, Board(tensorboard) if tensorboard else None
        self.handle: TextIO | None = None

    def line(self, *, step: int, **values: object) -> None:
        """Append a line; a figure that is no finite number is written as null."""
        shown = {"step": step, **{name: plain(value) for name, value in values.items()}}
        text = json.dumps(shown, ensure_ascii=False, allow_nan=False)
        if self.file is not None:
            if self.handle is None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                cut(self.file, math.inf)
                self.handle = self.file.open("a", encoding="utf-8")
            with room_for(self.file):
                self.handle.write(text + "\n")
                self.handle.flush()
        if self.board:
            self.board.add(step, shown)

    def resume(self, step: int) -> None:
        """Leave the lines of the steps up to `step`, as if the run had been no further (-1: none of them)."""
        self.close()
        if self.file is not None:
            cut(self.file, step)
        if self.board:
            self.board.resume(step)

    def close(self) -> None:
        """Let the files go; a later line opens them again."""
        if self.handle is not None and self.file is not None:
            handle, self.handle = self.handle, None
            with room_for(self.file):  # it may still hold what found no room
                handle.close()
        if self.board:
            self.board.writer.close()

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def plain(value: object) -> object:
    """Return what JSON can hold: figures of six digits, None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if value is None or isinstance(value, str | bool | int):
        return value
    item = getattr(value, "item", None)  # of torch and numpy
    number = item() if callable(item) else value
    if not isinstance(number, int | float):
        raise ConfigError(
            f"found {value!r:.80} as a metric; expected a number, a text, or a mapping of them."
        )
    if not math.isfinite(number):
        return None
    return number if isinstance(number, int) else float(f"{number:.{DIGITS}g}")


def read_metrics(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a run; a half last line, left by a kill, is not among them."""
    return [found for _, found in whole(file)]


def whole(file: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each line that is complete, as it stands and as what it says."""
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(LONGEST), b""), 1):
                if not line.endswith(b"\n") and len(line) < LONGEST:
                    return
                yield line, parsed(line, f"{file}, line {number}")
    except OSError as problem:
        raise DataError(f"{file} cannot be read: {problem.strerror}.") from None


def parsed(line: bytes, place: str) -> dict[str, Any]:
    """Return what a line says."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    step = found.get("step") if isinstance(found, dict) else None
    if not isinstance(step, int) or isinstance(step, bool):
        raise DataError(
            f'{place}: found {line[:40].decode(errors="replace")!r}; expected an object, {{"step": 1}}. '
            "Copy the file again, or move it away: training goes on without it."
        )
    return dict(found)


def cut(file: Path, step: float) -> None:
    """Drop the lines of later steps and a half last one; the file is replaced whole or left as it is."""
    if not file.exists():
        return
    kept = [line for line, found in whole(file) if found["step"] <= step]
    if sum(map(len, kept)) != file.stat().st_size:
        with replacing(file) as fresh:
            fresh.write_bytes(b"".join(kept))


class Board:
    """TensorBoard's files in a folder; what a resumed run writes again replaces what was there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = self.open()

    def open(self, purge: int | None = None) -> Any:
        """Begin a file of events; steps from `purge` on in older files no longer count."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ConfigError(
                "TensorBoard's files need a package that is not installed: pip install tensorboard"
            ) from None
        return SummaryWriter(str(self.folder), purge_step=purge)

    def resume(self, step: int) -> None:
        """Let what was written for later steps no longer count."""
        self.writer.close()
        self.writer = self.open(step + 1)

    def add(self, step: int, values: Mapping[str, Any]) -> None:
        """Write the figures of a line as train/name, those of an evaluation as dev/name."""
        for name, value in values.items():
            group, numbers = (name, value) if isinstance(value, Mapping) else ("train", {name: value})
            for one, number in numbers.items():
                if one != "step" and isinstance(number, int | float):
                    self.writer.add_scalar(f"{group}/{one}", number, step)
        self.writer.flush()
