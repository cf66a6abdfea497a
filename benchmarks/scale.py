"""Memory and traffic of training in two processes: every process the whole model, or a share of it.

python -m benchmarks.scale
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import write

SIZES = {"width": 768, "depth": 8, "heads": 12, "context": 128, "batch_tokens": 512, "optimizer": "adamw"}
VOCAB = 8192
STEPS, WARM = 6, 2
MODES = {"alone": 1, "whole": 2, "shared": 2}


def run() -> dict[str, Any]:
    """Return the figures of one process, of two with the whole model each, of two with shares."""
    found = {}
    for mode, workers in MODES.items():
        words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(workers)]
        answer = subprocess.run(
            [sys.executable, *words, "-m", "benchmarks.scale", mode], check=True, capture_output=True,
            text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        found[mode] = json.loads(answer.stdout.strip().splitlines()[-1])
        print(mode, found[mode], file=sys.stderr, flush=True)
    return {"sizes": SIZES, "vocab": VOCAB, **found}


def work(mode: str) -> None:
    """Train for a few steps as one process of a team; the first prints the figures."""
    from heedful.checkpoint.outline import outline
    from heedful.families import FAMILIES
    from heedful.families.fresh import fresh_config
    from heedful.tasks.recipe import Recipe
    from heedful.train.initial import begin
    from heedful.train.loop import train
    from heedful.train.objectives import next_token
    from heedful.train.progress import Progress, Silent
    from heedful.train.sharded import Sharded
    from heedful.train.team import Team, joined

    recipe, family = Recipe(**SIZES), FAMILIES["llama"]
    theirs = fresh_config(family, "LlamaForCausalLM", recipe.sizes(VOCAB, True))
    draw = np.random.default_rng(0)
    rows = [draw.integers(0, VOCAB, recipe.context + 1) for _ in range(recipe.rows)]
    notes: list[dict[str, float]] = []

    class Notes(Silent):
        def stepped(self, progress: Progress) -> None:
            notes.append({"sent": sent(), "seconds": progress.seconds})

    with joined(Sharded if mode == "shared" else Team) as team:
        model = outline(family.read(theirs, "LlamaForCausalLM"), "the benchmark")
        before = memory()
        begin(model, 0, team)
        drawn = memory()
        train(model, lambda _: [rows] * STEPS, next_token, recipe.plan(epochs=1), watch=Notes(), team=team)
        if team.first:
            first, last = notes[WARM - 1], notes[-1]
            mine = {key: (last[key] - first[key]) / (STEPS - WARM) for key in first}
            parameters = sum(parameter.numel() for parameter in model.parameters())
            print(json.dumps({
                "parameters": parameters, "bytes_per_step": mine["sent"], "seconds_per_step": mine["seconds"],
                "peak_bytes": memory() - before, "weights_bytes": drawn - before,
            }))  # fmt: skip


def sent() -> float:
    """Return the bytes that went over this machine's own network so far."""
    lines = Path("/proc/net/dev").read_text().splitlines()
    return float(next(line for line in lines if line.strip().startswith("lo:")).split(":")[1].split()[8])


def memory() -> int:
    """Return the most memory that this process held so far, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


if __name__ == "__main__":
    if "RANK" in os.environ:
        work(sys.argv[1])
    else:
        print(write("scale", run()))
