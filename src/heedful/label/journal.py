"""What was answered: a file that only grows, each line on the disk before the answer is acknowledged."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.errors import DataError
from heedful.storage import replacing, room_for

ANSWERS = "answers.jsonl"
LABELS, SCORED = "labels.jsonl", "score.jsonl"  # made from the answers: to learn from, and to score on
PARTS = {"learn": LABELS, "score": SCORED}
LARGEST = 1 << 30  # bytes


@dataclass(frozen=True)
class Answer:
    """A text, the part it belongs to ("learn" or "score"), and its label: None where it was skipped."""

    text: str
    part: str
    label: str | None


class Journal:
    """The answers of a folder, in the order in which they were given.

    A kill while a line is written leaves a piece of it, which was never acknowledged: it is cut off.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / ANSWERS
        self.answers: list[Answer] = []
        self._read()
        self._show()

    def add(self, answer: Answer) -> None:
        """Write an answer and force it to the disk."""
        self._append({"text": answer.text, "part": answer.part, "label": answer.label})
        self.answers.append(answer)
        self._show(answer.part)

    def undo(self, part: str) -> Answer | None:
        """Take back the last answer of a part; return it (None: there is none)."""
        last = next((one for one in reversed(self.answers) if one.part == part), None)
        if last is not None:
            self._append({"undo": part})
            self._drop(part)
            self._show(part)
        return last

    def labelled(self, part: str) -> list[tuple[str, str]]:
        """Return the texts of a part that have a label, and their labels."""
        return [(one.text, one.label) for one in self.answers if one.part == part and one.label is not None]

    def _drop(self, part: str) -> None:
        places = [place for place, one in enumerate(self.answers) if one.part == part]
        if places:
            del self.answers[places[-1]]

    def _append(self, record: dict[str, Any]) -> None:
        with room_for(self.path), self.path.open("ab") as handle:
            end = handle.tell()
            try:
                handle.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                handle.flush()
                os.fsync(handle.fileno())
            except OSError:
                os.truncate(self.path, end)  # a half line must not meet the next one
                raise

    def _read(self) -> None:
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.path, whole)
        for number, record in self._records(content[:whole]):
            if record.get("undo") in PARTS:
                self._drop(record["undo"])
                continue
            answer = Answer(*(record.get(name) for name in ("text", "part", "label")))  # type: ignore[arg-type]
            if not isinstance(answer.text, str) or answer.part not in PARTS:
                raise DataError(
                    f"{self.path}, line {number}: no answer; expected text, part and label. Mend it."
                )
            self.answers.append(answer)

    def _records(self, content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(content.split(b"\n")[:-1], 1):
            try:
                record = json.loads(line.decode("utf-8", "surrogatepass"))
                assert isinstance(record, dict)
            except (ValueError, AssertionError):
                raise DataError(
                    f"{self.path}, line {number} is no JSON object: {line[:60]!r}. Take that line out."
                ) from None
            yield number, record

    def _show(self, *parts: str) -> None:
        """Write the labels of the parts (none named: of all) as tables that other verbs read."""
        for part in parts or PARTS:
            rows = self.labelled(part)
            path = self.folder / PARTS[part]
            lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
            content = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
            if content != (path.read_bytes() if path.exists() else b""):
                with replacing(path) as fresh:
                    fresh.write_bytes(content)
