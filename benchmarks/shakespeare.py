"""Nats per character of tiny Shakespeare: `heedful pretrain clm` for so many minutes, beside a 5-gram model.

python -m benchmarks.shakespeare 15 60
"""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import DATA, write
from heedful.tasks.pretrain import pretrain

RECIPES = {15: "mini", 60: "mini"}  # minutes -> recipe


def run(minutes: int) -> Path:
    """Train on the first nine tenths, score the last one whole, write the figures."""
    begin = time.monotonic()
    recipe = RECIPES.get(minutes, "mini")
    with tempfile.TemporaryDirectory() as folder:
        found = pretrain(
            "clm", [DATA / "shakespeare" / "input.txt"], folder, size=recipe, tokenizer="char",
            minutes=minutes, say=lambda text: print(text, file=sys.stderr, flush=True),
        )  # fmt: skip
    whole = time.monotonic() - begin
    return write(
        f"shakespeare-{minutes}", {"minutes": minutes, "recipe": recipe, "whole_seconds": whole, **found}
    )


if __name__ == "__main__":
    for minutes in map(int, sys.argv[1:] or ["15"]):
        print(run(minutes))
