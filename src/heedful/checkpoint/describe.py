"""What a model is, in figures: family, sizes, parameters by part, operations, tokenizer, what was left."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Loaded, load_tokenizer, load_transformer
from heedful.core.config import TokenInput
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, TokenizerError
from heedful.text.tokenizer import UNCUT

WEIGHTS = (".safetensors", ".bin", ".gguf")
PARTS = (  # of a parameter's name -> what it is called; the first that fits
    ("head.", "head"),
    (".token.", "token table"),
    (".input.", "rest of the input"),
    (".places.", "relative positions"),
    ("norm.", "norms"),
    (".attention.", "attention"),
    (".cross.", "cross-attention"),
    (".feedforward.", "feed-forward"),
)


def describe(source: str | Path, pickle: bool = False) -> dict[str, Any]:
    """Return what there is to know of a model without running it, as plain data."""
    folder, found = find(source)
    loaded = load_transformer(folder, pickle)
    model = loaded.transformer
    counts = parameters_by_part(model)
    return {
        "model": found,
        "family": loaded.form.family.name,
        "architecture": loaded.form.architecture,
        "parameters": {"all": sum(counts.values()), **counts},
        "bytes": sum(path.stat().st_size for path in folder.iterdir() if path.suffix in WEIGHTS),
        "context": model.config.first.input.positions or None,
        "operations": operations(model),
        "heads": heads(loaded),
        "tokenizer": tokenizer(folder, model),
        "encoder": sizes(model, "encoder"),
        "decoder": sizes(model, "decoder"),
        "ignored": list(loaded.ignored),
        "zero": list(loaded.fresh),
    }


def parameters_by_part(model: Transformer) -> dict[str, int]:
    """Return how many numbers each part learns; what two parts share counts once."""
    counts: dict[str, int] = {}
    for name, value in model.named_parameters():
        part = next(words for sign, words in PARTS if sign in name)
        counts[part] = counts.get(part, 0) + value.numel()
    return counts


def operations(model: Transformer) -> dict[str, int]:
    """Return additions and multiplications for one token: of the maps, and for each token that it looks at.

    A map of n weights takes 2 n; scores and mixing take 4 H K a block. A tied head reads the token table.
    """
    looked_up = (".input.", ".places.")
    named = [(name, p.numel()) for name, p in model.named_parameters() if p.dim() > 1]
    maps = sum(count for name, count in named if not any(part in name for part in looked_up))
    head = model.config.head
    if head is not None and head.tied:
        maps += head.outputs * model.config.last.width
    stacks = [one for one in (model.config.encoder, model.config.decoder) if one is not None]
    seen = sum(4 * one.depth * one.heads * one.head_width * (2 if one.cross else 1) for one in stacks)
    return {"per_token": 2 * maps, "per_token_looked_at": seen}


def heads(loaded: Loaded) -> list[str]:
    """Return in words what the model answers."""
    head = loaded.transformer.config.head
    if head is None:
        return []
    if not head.outputs:
        return [f"pooler ({head.of} token)"]
    words = isinstance(loaded.transformer.config.last.input, TokenInput) and head.of == "tokens"
    if words and head.outputs == loaded.transformer.config.last.input.vocab:  # type: ignore[union-attr]
        return ["next word" if loaded.transformer.config.decoder else "masked word"]
    return [
        f"{head.outputs} scores for {'every token' if head.of == 'tokens' else 'the text (' + head.of + ')'}"
    ]


def tokenizer(folder: Path, model: Transformer) -> dict[str, Any] | None:
    """Return the size and fingerprint of the folder's tokenizer, None if it has none that can be read."""
    if not any(isinstance(one.input, TokenInput) for one in (model.config.first, model.config.last)):
        return None
    try:
        found = load_tokenizer(folder, UNCUT)
    except (TokenizerError, CheckpointError):
        return None
    return {"vocab": found.vocab, "fingerprint": found.fingerprint}


def sizes(model: Transformer, name: str) -> dict[str, Any] | None:
    """Return every field of a stack's config."""
    stack = getattr(model.config, name)
    return None if stack is None else asdict(stack)
