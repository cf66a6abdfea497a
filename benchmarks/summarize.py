"""Summaries from nothing beside sentences of the document: synopses of packages, headlines of news.

The summariser of packages is then tried on news as it is, and tuned on them.

python -m benchmarks.summarize 60 15
"""

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import DATA, write
from heedful.tasks.copied import copied
from heedful.tasks.extract_summary import METHODS, Extractor
from heedful.tasks.fit_summarize import fit_summarize
from heedful.tasks.rouge import rouge
from heedful.tasks.summarize import Summarizer

MOST = {"train": 1 << 30, "dev": 500, "test": 1000}
SHOWN = 6
Rows = list[dict[str, str]]


def rows(name: str) -> dict[str, Rows]:
    """Return documents and summaries of the parts: as published, else eight, one and one of ten in turn."""
    with gzip.open(DATA / "summaries" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    parts: dict[str, Rows] = {part: [] for part in MOST}
    for number, row in enumerate(found):
        part = row.get("split") or {8: "dev", 9: "test"}.get(number % 10, "train")
        if len(parts[part]) < MOST[part]:
            parts[part].append({key: row[key] for key in ("document", "summary")})
    return parts


def files(parts: dict[str, Rows], folder: Path) -> dict[str, list[Path]]:
    """Write the parts as tables."""
    folder.mkdir()
    for part, found in parts.items():
        text = "".join(json.dumps(row) + "\n" for row in found)
        (folder / f"{part}.jsonl").write_text(text, encoding="utf-8")
    return {part: [folder / f"{part}.jsonl"] for part in parts}


def run(minutes: float, tuning: float) -> None:
    """Train on packages, then tune on headlines; write what each way comes to."""
    with tempfile.TemporaryDirectory() as name:
        folder, packages, news = Path(name), rows("packages"), rows("headlines")
        made = fit_summarize(
            **files(packages, folder / "packages"), out=folder / "first", minutes=minutes, say=tell
        )
        mine = Summarizer.load(folder / "first")
        compared("packages", packages["test"], {"transformer": mine}, {"transformer": made}, minutes)
        tuned = fit_summarize(
            **files(news, folder / "news"), out=folder / "second", model=str(folder / "first"),
            minutes=tuning, say=tell,
        )  # fmt: skip
        models = {"packages, as it is": mine, "packages, tuned": Summarizer.load(folder / "second")}
        compared("headlines", news["test"], models, {"packages, tuned": tuned}, tuning)


def compared(
    name: str, test: Rows, models: dict[str, Summarizer], training: dict[str, Any], minutes: float
) -> None:
    """Score models and sentences of the document on the same rows, and write it."""
    documents, wanted = ([row[key] for row in test] for key in ("document", "summary"))
    texts = {way: [one.text for one in model.summarize(documents)] for way, model in models.items()}
    texts |= {way: Extractor(way, sentences=1).summarize(documents) for way in METHODS}
    by_way = {way: rouge(found, wanted) for way, found in texts.items()}
    document = {
        "minutes": minutes, "rows": len(test), "training": training,
        "methods": {
            way: {**scores.figures(), "copied": copied(texts[way], documents).figures()}
            for way, scores in by_way.items()
        },
        "above": {way: {other: by_way[way].beyond(by_way[other]) for other in METHODS} for way in models},
        "examples": [
            {"document": documents[row][:300], "reference": wanted[row], **{w: texts[w][row] for w in texts}}
            for row in range(0, len(test), max(1, len(test) // SHOWN))
        ],
    }  # fmt: skip
    print(write(f"summarize-{name}", document))


def tell(text: str) -> None:
    """Say what happens."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    run(*map(float, sys.argv[1:] or ["60", "15"]))
