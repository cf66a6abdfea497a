"""Translation of captions (Multi30k): every method from nothing, the same minutes, test_2016_flickr.

python -m benchmarks.translate de-en 90 transformer attention lstm
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import DATA, RESULTS, write
from heedful.tasks.bleu import difference
from heedful.tasks.fit_translate import fit_translate

SIZES = {"transformer": "mini", "attention": "mini", "lstm": "mini"}
CORPORA = {"train": "train", "dev": "val", "test": "test_2016_flickr"}
SHOWN = 6


def run(pair: str, minutes: float, methods: Sequence[str]) -> Path:
    """Train and score the methods that are asked for, keep what is known of the others, compare them."""
    source, target = pair.split("-")
    folder = DATA / "multi30k"
    parts = {
        name: [folder / f"{stem}.{language}.gz" for language in (source, target)]
        for name, stem in CORPORA.items()
    }
    name = f"translate-{pair}"
    found: dict[str, Any] = {}
    if (RESULTS / f"{name}.json").exists():
        found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["methods"]
    for method in methods:
        with tempfile.TemporaryDirectory() as out:
            figures = fit_translate(
                **parts, out=out, method=method, size=SIZES.get(method, "mini"), minutes=minutes,
                say=lambda text: print(text, file=sys.stderr, flush=True),
            )  # fmt: skip
            lines = (Path(out) / "translations.jsonl").read_text(encoding="utf-8").splitlines()
        figures["translations"] = [json.loads(line)["found"] for line in lines]
        found[method] = {"minutes": minutes, "size": SIZES.get(method, "mini"), **figures}
        rows = [json.loads(line) for line in lines]
        references, sources = ([row[key] for row in rows] for key in ("reference", "source"))
    best = found["transformer"]["translations"] if "transformer" in found else None
    more = {
        f"transformer_minus_{other}": difference(best, found[other]["translations"], references)
        for other in found
        if best and other != "transformer"
    }
    examples = [
        {"source": sources[row], "reference": references[row],
         **{method: one["translations"][row] for method, one in found.items()}}
        for row in range(0, len(sources), len(sources) // SHOWN)
    ]  # fmt: skip
    return write(name, {"pair": pair, "methods": found, "differences": more, "examples": examples})


if __name__ == "__main__":
    which, most, *asked = sys.argv[1:] or ["de-en", "90"]
    print(run(which, float(most), asked or list(SIZES)))
