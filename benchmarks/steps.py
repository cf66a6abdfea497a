"""The speed of a training step beside transformers' Trainer: same weights, rows, batch size and precision.

Both train in one process, in alternating rounds; the figure of a round leaves out its first steps.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import DATA, write

ROUNDS = 5
STEPS = {"gpt": 8, "encoder": 20}  # of a round, of which the first WARM are left out
WARM = 2
CONTEXT = 256
Round = Callable[[], float]


def run() -> dict[str, Any]:
    """Measure the three comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "gpt": compared(gpt(Path(folder) / "plain", 0.0)),
            "gpt, dropout 0.1": compared(gpt(Path(folder) / "dropout", 0.1)),
            "encoder": compared(encoder(Path(folder))),
        }


def compared(rounds: dict[str, Round]) -> dict[str, Any]:
    """Return the tokens per second of each, and how many times the first one's is that of the others."""
    found: dict[str, list[float]] = {name: [] for name in rounds}
    for _ in range(ROUNDS):
        for name, one in rounds.items():
            found[name].append(one())
            print(name, round(found[name][-1]), file=sys.stderr, flush=True)
    return {
        "tokens_per_second": {name: statistics.median(values) for name, values in found.items()},
        "times": times(found, next(iter(rounds))),
        "rounds": found,
    }


def times(found: dict[str, list[float]], ours: str) -> dict[str, dict[str, float]]:
    """Return how many times the speed of each other one `ours` has, round by round."""
    ratios = {
        name: sorted(a / b for a, b in zip(found[ours], values, strict=True))
        for name, values in found.items()
        if name != ours
    }
    return {
        name: {"median": statistics.median(r), "least": r[0], "most": r[-1]} for name, r in ratios.items()
    }


def gpt(folder: Path, dropout: float) -> dict[str, Round]:
    """Return rounds of a GPT-2 of 10.8M parameters on characters."""
    from transformers import GPT2Config, GPT2LMHeadModel

    text = (DATA / "shakespeare" / "input.txt").read_text()
    index = {character: number for number, character in enumerate(sorted(set(text)))}
    ids = np.array([index[character] for character in text])
    places = np.random.default_rng(0).integers(0, len(ids) - CONTEXT - 1, 16 * STEPS["gpt"])
    rows = [ids[place : place + CONTEXT + 1] for place in places]
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(index), n_positions=CONTEXT, n_embd=384, n_layer=6, n_head=6,
        resid_pdrop=dropout, embd_pdrop=dropout, attn_pdrop=dropout,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)

    def theirs() -> float:
        model = GPT2LMHeadModel.from_pretrained(folder)
        data = [{"input_ids": row[:-1], "labels": row[:-1]} for row in rows]
        return trainer(model, data, folder, 16)

    def ours() -> float:
        from heedful.checkpoint.folder import load_transformer
        from heedful.train.objectives import next_token

        model = load_transformer(folder).transformer.requires_grad_(True)
        return loop(
            model,
            [rows[i : i + 16] for i in range(0, len(rows), 16)],
            next_token,
            [16 * CONTEXT] * STEPS["gpt"],
        )

    return {"heedful": ours, "Trainer": theirs}


def encoder(folder: Path) -> dict[str, Round]:
    """Return rounds of MiniLM tuned on sentences of varied length."""
    from transformers import AutoModelForSequenceClassification

    from heedful.catalogue import cached
    from heedful.tasks.embed import SentenceEncoder

    source = cached("minilm")
    assert source is not None, "run `heedful fetch minilm`"
    lines = (DATA / "sst" / "binary.train.txt").read_text().splitlines()
    chosen = np.random.default_rng(0).permutation(len(lines))[: 32 * STEPS["encoder"]]
    labels = [int(lines[i][0]) for i in chosen]
    ids = SentenceEncoder.load("minilm").tokenizer.encode([lines[i][2:] for i in chosen]).ids
    lengths = [len(one) for one in ids]

    def theirs(**more: Any) -> float:
        model = AutoModelForSequenceClassification.from_pretrained(source, num_labels=2)
        data = [{"input_ids": one, "labels": label} for one, label in zip(ids, labels, strict=True)]
        return trainer(model, data, folder, 32, **more)

    def ours() -> float:
        return tuned(ids, labels, lengths)

    grouped = {"train_sampling_strategy": "group_by_length"}
    return {"heedful": ours, "Trainer": theirs, "Trainer, by length": lambda: theirs(**grouped)}


def tuned(ids: list[list[int]], labels: list[int], lengths: list[int]) -> float:
    """Return the tokens per second of tuning as `finetune` does it."""
    from torch import nn

    from heedful.tasks.embed import SentenceEncoder
    from heedful.tasks.modules import Dense
    from heedful.train.batches import shuffled
    from heedful.train.objectives import one_of

    found = SentenceEncoder.load("minilm")
    found.after = nn.ModuleList([Dense(found.stack.config.width, 2)])
    found.requires_grad_(True)
    wanted = np.array(labels)
    batches = shuffled(lengths, 32, np.random.default_rng(0))

    def objective(module: nn.Module, rows: list[int]) -> Any:
        return one_of(module([ids[row] for row in rows]), wanted[rows])

    return loop(found, batches, objective, [sum(lengths[row] for row in batch) for batch in batches])


def loop(module: Any, batches: Any, objective: Any, tokens: list[int]) -> float:
    """Return the tokens per second of Heedful's loop."""
    from heedful.train.loop import train
    from heedful.train.plan import Plan
    from heedful.train.progress import Progress, Silent

    stamps: list[float] = []

    class Stamps(Silent):
        def stepped(self, progress: Progress) -> None:  # noqa: ARG002
            stamps.append(time.perf_counter())

    train(module, lambda _: batches, objective, Plan(epochs=1, rate=1e-4), watch=Stamps())
    return pace(stamps, tokens)


def trainer(model: Any, data: list[Any], folder: Path, rows: int, **more: Any) -> float:
    """Return the tokens per second of transformers' Trainer, padding not counted."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    stamps: list[float] = []
    tokens: list[int] = []

    class Stamps(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            stamps.append(time.perf_counter())

    def collate(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        tokens.append(sum(len(row["input_ids"]) for row in batch))
        return padded(batch)

    arguments = TrainingArguments(
        output_dir=str(folder / "out"), use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True,
        logging_strategy="no", per_device_train_batch_size=rows, num_train_epochs=1, learning_rate=1e-4,
        **more,
    )  # fmt: skip
    Trainer(model, arguments, train_dataset=data, data_collator=collate, callbacks=[Stamps()]).train()
    return pace(stamps, tokens)


def padded(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Return a batch as the library's own padding collator makes it."""
    longest = max(len(row["input_ids"]) for row in rows)
    ids = [torch.as_tensor(np.asarray(row["input_ids"])) for row in rows]
    found = {
        "input_ids": torch.stack([torch.nn.functional.pad(one, (0, longest - len(one))) for one in ids]),
        "labels": torch.as_tensor(np.array([row["labels"] for row in rows])),
    }
    if any(len(one) < longest for one in ids):
        found["attention_mask"] = torch.stack([(torch.arange(longest) < len(one)).long() for one in ids])
    return found


def pace(stamps: list[float], tokens: list[int]) -> float:
    """Return the tokens per second after the steps that warm up."""
    return sum(tokens[WARM : len(stamps)]) / (stamps[-1] - stamps[WARM - 1])


if __name__ == "__main__":
    print(write("steps", run()))
