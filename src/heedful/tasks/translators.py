"""The ways to turn one sequence into another, each a model that can be trained, written with and saved."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from heedful.baselines.recurrent import Recurrent, RecurrentConfig, Score, initialise
from heedful.baselines.seq2seq_attention import SequenceAttention
from heedful.baselines.seq2seq_lstm import SequenceLSTM
from heedful.checkpoint.folder import save_transformer
from heedful.checkpoint.tensors import WEIGHTS
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, ConfigError
from heedful.generate import Habits
from heedful.storage import inside, read_json
from heedful.tasks.fresh import planned
from heedful.tasks.recipe import Recipe, read_recipe
from heedful.tasks.write import Writer
from heedful.text.marks import MARKS, habits
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.train.initial import begin

SIZES = "recurrent.json"  # the sizes of a recurrent model, beside its weights
ENDS = ("MTModel", "ForConditionalGeneration")  # how classes of models with an encoder and a decoder end


@dataclass(frozen=True)
class Built:
    """A model that writes, and what puts its files into a folder."""

    writer: Writer
    save: Callable[[Path], None]


def transformer(recipe: Recipe, tokenizer: Tokenizer, seed: int) -> Built:
    """Vaswani et al. 2017, in Marian's form unless the recipe names another family."""
    model, form = planned(recipe, tokenizer, "translate", "marian", ENDS)
    begin(model, seed)
    return Built(writer_of(model, tokenizer), lambda folder: save_transformer(model, form, folder))


def recurrent(kind: str, score: Score = "additive") -> Callable[[Recipe, Tokenizer, int], Built]:
    """Return what builds a recurrent model of one kind."""

    def build(recipe: Recipe, tokenizer: Tokenizer, seed: int) -> Built:
        config = RecurrentConfig(
            vocab=tokenizer.vocab, width=recipe.width, depth=recipe.depth, dropout=recipe.dropout, score=score
        )
        model = KINDS[kind](config)

        def save(folder: Path) -> None:
            save_file(model.state_dict(), folder / WEIGHTS)
            text = json.dumps({"kind": kind, **asdict(config)}, indent=1)
            (folder / SIZES).write_text(text + "\n", encoding="utf-8")

        initialise(model, seed)
        return Built(writer_of(model, tokenizer), save)

    return build


KINDS: dict[str, Callable[[RecurrentConfig], Recurrent]] = {
    "lstm": SequenceLSTM,
    "attention": SequenceAttention,
}


@dataclass(frozen=True)
class Method:
    """What builds a model of a way, what its recipes usually say, and its sizes by their names."""

    build: Callable[[Recipe, Tokenizer, int], Built]
    usual: Mapping[str, Any]
    sizes: Mapping[str, Mapping[str, Any]]


PAIRS = {"batch_tokens": 2048, "smoothing": 0.1, "average": 4, "vocab": 8192}
VASWANI = {**PAIRS, "dropout": 0.2}
TUNED = {"optimizer": "adamw", "rate": 3e-4, "weight_decay": 0.01, "average": 1, "dropout": 0.1}
DEEP: Mapping[str, Mapping[str, Any]] = {
    "tiny": {"width": 128, "depth": 2, "heads": 4},
    "mini": {"width": 256, "depth": 3, "heads": 4},
    "small": {"width": 512, "depth": 4, "heads": 8, "rate": 2e-3},
}
PLAIN = {**PAIRS, "optimizer": "adamw", "rate": 2e-3, "dropout": 0.3, "weight_decay": 0.01}
FLAT: Mapping[str, Mapping[str, Any]] = {
    "tiny": {"width": 128, "depth": 1},
    "mini": {"width": 256, "depth": 1},
    "small": {"width": 512, "depth": 1, "rate": 1e-3},
}
STACKED: Mapping[str, Mapping[str, Any]] = {name: {**size, "depth": 2} for name, size in FLAT.items()}
METHODS = {
    "transformer": Method(transformer, VASWANI, DEEP),
    "attention": Method(recurrent("attention"), PLAIN, FLAT),
    "multiplicative": Method(recurrent("attention", "multiplicative"), PLAIN, FLAT),
    "lstm": Method(recurrent("lstm"), PLAIN, STACKED),
}


def recipe_of(method: str, size: str, tuned: bool = False, **usual: Any) -> Recipe:
    """Return the recipe of a named size or a YAML file, as it is usual for one method, or for tuning."""
    if method not in METHODS:
        raise ConfigError(f"there is no method {method!r:.50}; known are {', '.join(METHODS)}.")
    known = {**METHODS[method].usual, **(TUNED if tuned else {}), **usual}
    return read_recipe(size, known, {name: {} for name in DEEP} if tuned else METHODS[method].sizes)


def build(method: str, recipe: Recipe, tokenizer: Tokenizer, seed: int) -> Built:
    """Return a new model of one method with its first values."""
    return METHODS[method].build(recipe, tokenizer, seed)


def opened(source: str | Path) -> Built:
    """Return an encoder-decoder that is to be tuned."""
    writer = Writer.load(source)
    if writer.form is None or writer.transformer.encoder is None:
        raise CheckpointError(f"{source} holds a decoder alone; expected an encoder-decoder, such as T5.")
    writer.swift, form = None, writer.form
    return Built(writer, lambda folder: save_transformer(writer.transformer, form, folder))


def writer_of(model: nn.Module, tokenizer: Tokenizer) -> Writer:
    """Return a writer around a model that is trained here on pairs.

    A recurrent one offers what a Transformer offers to training and writing.
    """
    said = habits(tokenizer, MARKS["translate"])
    return Writer(cast(Transformer, model), tokenizer, Habits.read(said, tokenizer.vocab))


def read_recurrent(folder: Path) -> Recurrent:
    """Return the recurrent model that lies in a folder; CheckpointError unless its files agree."""
    path = folder / SIZES
    sizes: Any = read_json(inside(folder, SIZES), CheckpointError)
    if not isinstance(sizes, dict) or sizes.get("kind") not in KINDS:
        raise CheckpointError(f"{path} names no kind of model; expected {', '.join(KINDS)}. Copy it again.")
    kind = KINDS[sizes.pop("kind")]
    try:
        with torch.device("meta"):
            model = kind(RecurrentConfig(**sizes))
        found = load_file(inside(folder, WEIGHTS))
    except (TypeError, OSError, SafetensorError) as problem:
        raise CheckpointError(f"{folder} cannot be read ({problem}). Copy the folder again.") from None
    check_shapes(model.state_dict(), found, folder)
    model.load_state_dict(found, assign=True)
    return model.eval()


def recurrent_writer(folder: Path) -> Writer:
    """Return a writer around the recurrent model in a folder."""
    return writer_of(read_recurrent(folder), Tokenizer.load(folder, UNCUT))


def check_shapes(
    expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor], folder: Path
) -> None:
    """Raise CheckpointError unless the tensors are those of the model."""
    for name in sorted({*expected, *found}):
        theirs, ours = (tuple(part[name].shape) if name in part else None for part in (found, expected))
        if theirs != ours:
            raise CheckpointError(
                f"{folder / WEIGHTS} has {name:.100} of shape {theirs}; expected {ours}. "
                "Copy the folder again."
            )
