"""What `clean` writes: parts of JSON lines, the report as data, and a page in plain words."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from heedful.data.corpus import Corpus
from heedful.data.rules import LINE_RULES, OTHER_RULES, Tally
from heedful.data.sources import REPORT

PART = 256 << 20  # bytes of text in one part, about
LEVEL = 6  # of gzip
TITLE = """# A cleaned corpus

Written by `heedful clean`, which applies the published rules of C4 (Raffel et al. 2020, section 2.2, with
the thresholds of the released code) and takes out what is there twice. `part-*.jsonl.gz` hold one document a
line, as `text` and `source`; `report.json` has the figures below as data. To train on it, name this folder.
"""


@dataclass
class Size:
    """How much text there is; `cut` counts the pieces of documents that go on after them."""

    documents: int = 0
    lines: int = 0
    characters: int = 0  # line ends and white space around lines not counted
    cut: int = 0

    def add(self, lines: Sequence[str]) -> None:
        """Count one more document."""
        self.documents += 1
        self.lines += len(lines)
        self.characters += sum(map(len, lines))


class Parts:
    """Writes documents to part-00000.jsonl.gz and on; the bytes depend on the documents alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.raw: BinaryIO | None = None
        self.file: gzip.GzipFile | None = None
        self.size = 0

    def __enter__(self) -> "Parts":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, text: str, source: str) -> None:
        """Write one document."""
        if self.file is None:
            self.names.append(f"part-{len(self.names):05d}.jsonl.gz")
            self.raw = (self.folder / self.names[-1]).open("wb")
            self.file = gzip.GzipFile(filename="", mode="wb", fileobj=self.raw, compresslevel=LEVEL, mtime=0)
        row = json.dumps({"text": text, "source": source}, ensure_ascii=False)
        self.file.write(f"{row}\n".encode())
        self.size += len(text.encode())
        if self.size >= PART:
            self.close()

    def close(self) -> None:
        """End the part; the next document begins another."""
        for handle in (self.file, self.raw):
            if handle is not None:
                handle.close()
        self.file, self.raw, self.size = None, None, 0


def report_of(
    corpus: Corpus, before: Size, after: Size, parts: list[str], tally: Tally, words: int, skipped: list[str]
) -> dict[str, Any]:
    """Return the report as JSON has it: what was read, what each rule took, what was written."""
    return {
        "corpus": {
            "files": len(corpus.files),
            "documents": corpus.documents,
            "fingerprint": corpus.fingerprint(),
            "notes": corpus.notes,
            "rows_without_text": dict(sorted(corpus.skipped.items())),
        },
        "skipped_rules": skipped,
        "word_list": words,
        "read": asdict(before),
        "rules": tally.document(),
        "written": {key: value for key, value in asdict(after).items() if key != "cut"},
        "parts": parts,
    }


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write report.json and README.md."""
    (folder / REPORT).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "README.md").write_text(page(report), "utf-8")


def page(report: dict[str, Any]) -> str:
    """Return the report in plain words."""
    before, after = report["read"], report["written"]
    share = after["characters"] / before["characters"]
    rows = [TITLE]
    rows.append(f"| | documents | lines | characters |\n|---|---:|---:|---:|\n{figures('read', before)}")
    rows[-1] += f"\n{figures('written', after)}\n\n{share:.1%} of the characters are left."
    rows += notes(report)
    rows.append("## What each rule took\n\n| rule | takes | documents | lines | characters |")
    rows[-1] += "\n|---|---|---:|---:|---:|"
    for name, takes, about in table():
        if name in report["rules"]:
            found = report["rules"][name]
            rows[-1] += "\n" + figures(f"{name} | {takes}: {about}", found).replace("{", "\\{")
    if report["skipped_rules"]:
        rows.append(f"Not applied, as asked: {', '.join(report['skipped_rules'])}.")
    rows.append("## Examples\n\nThe first that each rule took, cut to 200 characters.")
    for name, found in report["rules"].items():
        if found["examples"]:
            shown = "\n".join(f"    {' '.join(example.split())}" for example in found["examples"])
            rows.append(f"{name}:\n\n{shown}")
    return "\n\n".join(rows) + "\n"


def told(report: dict[str, Any], folder: str) -> str:
    """Return the report as a few lines for a terminal."""
    count = len(report["parts"])
    found = {"read": report["read"], **report["rules"], "written": report["written"]}
    rows = [f"{'':16} {'documents':>12} {'lines':>14} {'characters':>16}"]
    for name, size in found.items():
        counts = (size["documents"], size["lines"], size["characters"])
        if any(counts):
            rows.append("{:16} {:12,} {:14,} {:16,}".format(name, *counts))
    return "\n".join(
        [*rows, f"{folder}: {count} part{'s'[: count != 1]}; README.md tells what each rule took"]
    )


def figures(name: str, size: dict[str, Any]) -> str:
    """Return a row of a table."""
    return f"| {name} | {size['documents']:,} | {size['lines']:,} | {size['characters']:,} |"


def notes(report: dict[str, Any]) -> list[str]:
    """Return what a reader of the figures has to know, as a list."""
    corpus = report["corpus"]
    found = list(corpus["notes"])
    found += [f"{count:,} rows had no text: {why}." for why, count in corpus["rows_without_text"].items()]
    if report["read"]["cut"]:
        found.append("Documents of over a million characters were judged, counted and written in pieces.")
    return ["\n".join(f"- {note}" for note in found)] if found else []


def table() -> list[tuple[str, str, str]]:
    """Return every rule: its name, what it takes, and when."""
    lines = [(rule.name, rule.takes, rule.about) for rule in LINE_RULES]
    return lines + [(name, takes, about) for name, (takes, about) in OTHER_RULES.items()]


def nothing_left(corpus: Corpus, before: Size, tally: Tally) -> str:
    """Return the sentence for a corpus of which the rules leave nothing."""
    if not before.documents:
        return "the corpus has no document with text in it. Name another one."
    name, taken = max(tally.items(), key=lambda item: item[1].documents)
    mend = f"Leave the rule out (--skip {name!r})"
    if corpus.documents == "file":
        mend += ", or say that documents are smaller than files (--documents paragraph)"
    return (
        f"the rules leave none of {before.documents:,} documents; {name!r} took {taken.documents:,} of them, "
        f"the first for: {taken.examples[0][:100]!r}. {mend}."
    )
