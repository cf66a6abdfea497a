"""Translation from nothing: every method on the same pairs, for the same minutes, scored on the same test.

python -m benchmarks.translate multi30k de-en 40 transformer attention lstm
python -m benchmarks.translate manuals en-de 120 transformer
"""

import gzip
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import DATA, RESULTS, write
from heedful.tasks.bleu import difference
from heedful.tasks.fit_translate import fit_translate

METHODS = ("transformer", "attention", "lstm")
CAPTIONS = {"train": "train", "dev": "val", "test": "test_2016_flickr"}
COLUMNS = ("split", "kind", "en", "de")  # of manuals
SHOWN = 6
Parts = dict[str, list[Path]]


def multi30k(source: str, target: str, folder: Path) -> Parts:  # noqa: ARG001
    """Return the files of the captions, as published."""
    return {
        part: [DATA / "multi30k" / f"{stem}.{language}.gz" for language in (source, target)]
        for part, stem in CAPTIONS.items()
    }


def manuals(source: str, target: str, folder: Path) -> Parts:
    """Write the sentences of manuals as tables, one for each published part."""
    with gzip.open(DATA / "manuals" / "en-de.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [dict(zip(COLUMNS, line.rstrip("\n").split("\t"), strict=True)) for line in lines]
    parts: Parts = {}
    for part in CAPTIONS:
        parts[part] = [folder / f"{part}.jsonl"]
        chosen = [{"source": row[source], "target": row[target]} for row in rows if row["split"] == part]
        parts[part][0].write_text("".join(json.dumps(row) + "\n" for row in chosen), encoding="utf-8")
    return parts


CORPORA = {"multi30k": multi30k, "manuals": manuals}


def run(corpus: str, pair: str, minutes: float, methods: Sequence[str]) -> Path:
    """Train and score the methods that are asked for, keep what is known of the others, compare them."""
    source, target = pair.split("-")
    name = f"translate-{corpus}-{pair}"
    path, found = RESULTS / f"{name}.json", dict[str, Any]()
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))["methods"]
    with tempfile.TemporaryDirectory() as folder:
        parts = CORPORA[corpus](source, target, Path(folder))
        for method in methods:
            out = Path(folder) / method
            figures = fit_translate(**parts, out=out, method=method, minutes=minutes, say=tell)
            lines = (out / "translations.jsonl").read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines]
            found[method] = {"minutes": minutes, **figures, "translations": [row["found"] for row in rows]}
    return write(name, {"corpus": corpus, "pair": pair, "methods": found, **compared(found, rows)})


def compared(found: dict[str, Any], rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return how far the transformer is above the others, and some examples."""
    wanted = [row["reference"] for row in rows]
    best = found["transformer"]["translations"] if "transformer" in found else None
    others = [method for method in found if best and method != "transformer"]
    return {
        "transformer_minus": {
            other: difference(best, found[other]["translations"], wanted) for other in others
        },
        "examples": [
            {"source": rows[row]["source"], "reference": wanted[row],
             **{method: one["translations"][row] for method, one in found.items()}}
            for row in range(0, len(rows), max(1, len(rows) // SHOWN))
        ],
    }  # fmt: skip


def tell(text: str) -> None:
    """Say what happens."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    which, languages, most, *asked = sys.argv[1:] or ["multi30k", "de-en", "40"]
    print(run(which, languages, float(most), asked or METHODS))
