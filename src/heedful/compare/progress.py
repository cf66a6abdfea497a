"""What a run says while it works: the data check, then a line when a method starts and one when it ends."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from heedful.compare.terminal import check_lines


class Lines:
    """A `progress` for `compare` that prints to a console, stderr by default."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)

    def __call__(self, event: str, about: Mapping[str, Any]) -> None:
        for line in SENTENCES[event](about):
            self.console.print(line, markup=False, soft_wrap=True)


def _started(about: Mapping[str, Any]) -> list[str]:
    return [f"{about['name']}: begins, with up to {_time(about['seconds'])}"]


def _ended(row: Mapping[str, Any]) -> list[str]:
    if row["status"] == "failed":
        return [f"{row['name']}: failed: {row['why']}"]
    f1, accuracy = row["macro_f1"], row["accuracy"]["value"]
    parts = [
        f"macro-F1 {f1['value']:.3f} ({f1['low']:.3f} to {f1['high']:.3f})",
        f"accuracy {accuracy:.3f}",
        f"fit {_time(row['fit_seconds'])}",
        f"{row['texts_per_second']:,.0f} texts/s",
    ]
    notes = ["taken over from an earlier run"] if row["reused"] else []
    notes += [f"stopped: {row['why']}"] if row["status"] == "stopped" else []
    return [f"{row['name']}: {', '.join(parts)}" + "".join(f"; {note}" for note in notes)]


def _done(about: Mapping[str, Any]) -> list[str]:
    return [f"report: {about['folder']}/report.html (artefacts beside it)"]


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"


SENTENCES = {"check": check_lines, "start": _started, "end": _ended, "done": _done}
