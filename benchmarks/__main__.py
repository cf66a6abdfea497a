"""Run the named benchmarks, or all of them."""

import subprocess
import sys

NAMES = (
    "start", "parity", "compare", "steps", "decoding", "scale", "shakespeare", "tag", "answer", "pretrained",
    "translate", "summarize", "embed", "fewshot", "search", "lineage",
)  # fmt: skip

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(NAMES)
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; known are {', '.join(NAMES)}.")
    for name in wanted:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
