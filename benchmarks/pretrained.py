"""What pretraining on plain English is worth: the same net tuned after it, and from its first values.

An encoder pretrained by mlm sorts TREC's questions; a small T5 pretrained by denoise writes the one-line
synopsis of a package description. Both are tuned alike, pretrained and not, with three seeds.

python -m benchmarks.pretrained mlm denoise
"""

import gzip
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from benchmarks.machine import DATA, write
from heedful.checkpoint.folder import load_transformer, save_transformer
from heedful.intervals import interval
from heedful.tasks.classify import Classifier
from heedful.tasks.pretrain import pretrain
from heedful.tasks.tune_writer import Tuning, as_row, objective, tune
from heedful.tasks.write import Writer
from heedful.train.cores import pool
from heedful.train.initial import initialise

SEEDS = (0, 1, 2)
MINUTES = {"mlm": 14.0, "denoise": 14.0}
RECIPES = {
    "mlm": "family: modernbert\nrate_masked: 0.3\nvocab: 4096\n",
    "denoise": "width: 128\ndepth: 2\nheads: 4\nvocab: 4096\nrate_masked: 0.3\n",
}
DRAWS = 2000
QUESTIONS = 2000  # of TREC's training rows, so that there is something to be gained
PAIRS, SCORED = 3000, 300  # package descriptions
LONGEST = 600  # characters of a description


def run(way: str) -> dict[str, Any]:
    """Pretrain, tune with and without it, and compare row by row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "recipe.yaml").write_text(RECIPES[way], encoding="utf-8")
        begin = time.monotonic()
        figures = pretrain(
            way, [DATA / "english" / "train.txt.gz"], folder / "run", size=str(folder / "recipe.yaml"),
            documents="paragraph",
            dev=[DATA / "english" / "valid.txt.gz"], minutes=MINUTES[way], say=tell,
        )  # fmt: skip
        took = time.monotonic() - begin
        pretrained, scratch = folder / "run" / "model", folder / "scratch"
        forget(pretrained, scratch)
        tuned: Callable[[Path, int], dict[str, Any]] = {"mlm": sorter, "denoise": summarist}[way]
        runs = {
            kind: [tuned(model, seed) for seed in SEEDS]
            for kind, model in (("pretrained", pretrained), ("scratch", scratch))
        }
    rows = {kind: np.array([one.pop("rows") for one in found]) for kind, found in runs.items()}
    return {
        "way": way, "minutes": MINUTES[way], "pretraining_seconds": took, "pretraining": figures,
        "seeds": list(SEEDS), "runs": runs,
        "mean": {kind: float(found.mean()) for kind, found in rows.items()},
        "interval": {kind: bounds(found) for kind, found in rows.items()},
        "pretrained_minus_scratch": bounds(rows["pretrained"] - rows["scratch"]),
    }  # fmt: skip


def forget(source: Path, target: Path) -> None:
    """Write the same folder with the values that a model begins with."""
    shutil.copytree(source, target)
    for name in ("manifest.json", "heedful.json"):
        (target / name).unlink(missing_ok=True)
    found = load_transformer(source)
    initialise(found.transformer, 1)
    save_transformer(found.transformer, found.form, target)


def bounds(rows: np.ndarray) -> list[float]:
    """Return the 95 % bootstrap interval of the mean over rows and seeds, rows and seeds drawn anew."""
    draw = np.random.default_rng(0)
    seeds, count = rows.shape
    means = [
        rows[draw.integers(0, seeds, seeds)][:, draw.integers(0, count, count)].mean() for _ in range(DRAWS)
    ]
    return list(interval(np.array(means)))


def sorter(model: Path, seed: int) -> dict[str, Any]:
    """Tune an encoder on questions; the score of a test row is whether its class is found."""
    known, asked = (questions(part) for part in ("train", "test"))
    known = [row for row in known if row not in set(asked)]
    order = np.random.default_rng(seed).permutation(len(known))[:QUESTIONS]
    texts, labels = zip(*(known[i] for i in order), strict=True)
    begin = time.monotonic()
    cut = QUESTIONS // 10
    fitted = Classifier(str(model), epochs=6, rate=3e-4, seed=seed).fit(
        texts[cut:], labels[cut:], dev=(texts[:cut], labels[:cut])
    )
    found = fitted.predict([text for text, _ in asked])
    wanted = [label for _, label in asked]
    right = [float(a == b) for a, b in zip(found, wanted, strict=True)]
    return {
        "rows": right, "accuracy": float(np.mean(right)),
        "macro_f1": float(f1_score(wanted, found, average="macro")), "seconds": time.monotonic() - begin,
    }  # fmt: skip


def questions(part: str) -> list[tuple[str, str]]:
    """Return texts and classes of a part of TREC."""
    lines = (DATA / "trec" / f"{part}.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    return [(text, label) for label, _, text in (line.partition(" ") for line in lines)]


def summarist(model: Path, seed: int) -> dict[str, Any]:
    """Tune a T5 on descriptions and synopses; a test row's score is log P of its synopsis for each token."""
    known, asked = (list(packages(part)) for part in ("train", "test"))
    order = np.random.default_rng(seed).permutation(len(known))[:PAIRS]
    texts, answers = zip(*(known[i] for i in order), strict=True)
    begin = time.monotonic()
    writer, cut = Writer.load(str(model)), PAIRS // 10
    tune(
        writer, texts[cut:], answers[cut:], (texts[:cut], answers[:cut]),
        Tuning(epochs=4, rate=1e-3, max_tokens=256, seed=seed),
    )  # fmt: skip
    rows = foretold(writer, asked[:SCORED])
    return {"rows": rows, "nats_per_token": -float(np.mean(rows)), "seconds": time.monotonic() - begin}


def foretold(writer: Writer, pairs: list[tuple[str, str]]) -> list[float]:
    """Return log P of each answer, for each of its tokens."""
    import torch

    from heedful.tasks.prompted import Maker

    examples = Maker(writer, False, 256).examples(*zip(*pairs, strict=True))
    found = []
    with torch.inference_mode(), pool():
        for pair in examples.pairs:
            loss, count = objective(writer)(writer.transformer, [as_row(writer, pair)])
            found.append(-float(loss) / count)
    return found


def packages(part: str) -> Iterator[tuple[str, str]]:
    """Yield descriptions and synopses of a part."""
    with gzip.open(DATA / "summaries" / "packages.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["split"] == part and len(row["document"]) <= LONGEST:
                yield row["document"], row["summary"]


def tell(text: str) -> None:
    """Say what happens."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    for way in sys.argv[1:] or MINUTES:
        print(write(f"pretrained-{way}", run(way)))
