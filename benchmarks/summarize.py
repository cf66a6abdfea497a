"""Synopses of package descriptions: a summariser from nothing beside sentences of the description.

python -m benchmarks.summarize 60
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
from heedful.tasks.rouge import RougeScores, rouge

SCORED = 1000  # rows of the test part
SHOWN = 6
DEV = 500


def rows(part: str) -> list[dict[str, str]]:
    """Return documents and summaries of a part, as published."""
    with gzip.open(DATA / "summaries" / "packages.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [{key: row[key] for key in ("document", "summary")} for row in found if row["split"] == part]


def run(minutes: float) -> dict[str, Any]:
    """Train on train, score all ways on the same rows of test."""
    parts = {"train": rows("train"), "dev": rows("dev")[:DEV], "test": rows("test")[:SCORED]}
    with tempfile.TemporaryDirectory() as name:
        files = {}
        for part, found in parts.items():
            files[part] = [Path(name) / f"{part}.jsonl"]
            files[part][0].write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")
        figures = fit_summarize(
            **files, out=Path(name) / "out", minutes=minutes,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )  # fmt: skip
        lines = (Path(name) / "out" / "summaries.jsonl").read_text(encoding="utf-8").splitlines()
    scored = [json.loads(line) for line in lines]
    documents, wanted = ([row[key] for row in scored] for key in ("source", "reference"))
    texts = {"transformer": [row["found"] for row in scored]}
    texts |= {way: Extractor(way, sentences=1).summarize(documents) for way in METHODS}
    by_way: dict[str, RougeScores] = {way: rouge(found, wanted) for way, found in texts.items()}
    ours = by_way["transformer"]
    return {
        "minutes": minutes, "rows": len(scored), "training": figures,
        "methods": {
            way: {**scores.figures(), "copied": copied(texts[way], documents).figures()}
            for way, scores in by_way.items()
        },
        "transformer_minus": {way: ours.beyond(by_way[way]) for way in METHODS},
        "examples": [
            {"document": documents[row][:300], "reference": wanted[row], **{w: texts[w][row] for w in texts}}
            for row in range(0, len(scored), max(1, len(scored) // SHOWN))
        ],
    }  # fmt: skip


if __name__ == "__main__":
    print(write("summarize-packages", run(float((sys.argv[1:] or ["60"])[0]))))
