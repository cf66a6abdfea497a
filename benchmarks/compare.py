"""The main job on published splits of real data: SST-2, TREC-6, hate speech; all methods, three seeds."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import DATA, write

TABLES = {
    "sst": ("sst/binary.train.txt", "sst/binary.test.txt", [], 30),
    "trec": ("trec/train.txt", "trec/test.txt", [], 15),
    "hate": (
        "hate/twitter_hate_train.parquet",
        "hate/twitter_hate_test.parquet",
        [],
        40,
    ),
}
KEPT = ("data", "split", "best", "recommended", "seconds", "minutes", "seeds", "metric")
KEPT_OF_METHODS = (
    "name", "status", "why", "accuracy", "macro_f1", "delta", "ece", "ece_calibrated", "fit_seconds",
    "texts_per_second", "peak_memory_bytes", "artefact_bytes", "truncated", "energy_joules",
)  # fmt: skip


def run(name: str) -> dict[str, Any]:
    """Run the command line as a user would and keep the figures of its leaderboard."""
    train, test, columns, minutes = TABLES[name]
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    command = [
        str(Path(sys.executable).parent / "heedful"),
        "compare",
        str(DATA / train),
        "--test",
        str(DATA / test),
    ]
    begin = time.monotonic()
    subprocess.run([*command, *columns, "--minutes", str(minutes), "--out", str(folder)], check=True)
    return figures(folder, time.monotonic() - begin)


def figures(folder: Path, wall_seconds: float) -> dict[str, Any]:
    """Return what the README quotes of a finished run."""
    board = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    methods = [{key: item.get(key) for key in KEPT_OF_METHODS} for item in board["methods"]]
    return {
        **{key: board.get(key) for key in KEPT},
        "wall_seconds": round(wall_seconds, 1),
        "methods": methods,
    }


if __name__ == "__main__":
    for each in sys.argv[1:] or list(TABLES):
        print(write(f"compare-{each}", run(each)))
