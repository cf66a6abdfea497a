"""A lesson as one HTML page that opens offline: its numbers as text, and a script that computes the rest."""

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from heedful.core.attention import Packed
from heedful.core.inputs import Tokens
from heedful.explain import toy
from heedful.explain.see import Layer, Lesson, rows
from heedful.explain.switches import SWITCHES, able, kinds
from heedful.report.shell import policy, static

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("numbers.js", "heat.js", "maps.js", "words.js", "toy.js", "lesson.js")
LARGEST = 60_000.0  # what a float16 still holds


class Store:
    """Arrays end to end as base64, each once: `add` returns the number of one."""

    def __init__(self) -> None:
        self.listed: list[tuple[int, list[int], str, float]] = []
        self.chunks: list[bytes] = []
        self.known: dict[tuple[bytes, tuple[int, ...]], int] = {}
        self.size = 0

    def add(self, values: Tensor, kind: str = "f2") -> int:
        """Keep an array as `kind` (f2, f4, i4), divided by a factor where a float16 could not hold it."""
        array = values.detach().cpu().numpy()
        largest = float(np.abs(array).max(initial=0)) if kind == "f2" else 0.0
        factor = 2.0 ** np.ceil(np.log2(largest / LARGEST)) if largest > LARGEST else 1.0
        data = np.ascontiguousarray(array / factor if factor != 1 else array).astype(f"<{kind}").tobytes()
        key = (sha256(kind.encode() + data).digest(), array.shape)
        if key not in self.known:
            self.known[key] = len(self.listed)
            self.listed.append((self.size, list(array.shape), kind, float(factor)))
            self.chunks.append(data + bytes(-len(data) % 4))
            self.size += len(self.chunks[-1])
        return self.known[key]

    def text(self) -> str:
        """Return all of it as base64."""
        return b64encode(b"".join(self.chunks)).decode()


def page(lesson: Lesson) -> str:
    """Return the page. It loads nothing, and its policy forbids that it could."""
    store = Store()
    document = json.dumps(contents(lesson, store), allow_nan=False)
    for sign in "<>&":  # in JSON they stand in strings only
        document = document.replace(sign, f"\\u{ord(sign):04x}")
    style, script = static(STATIC / "see.css"), "\n".join(static(STATIC / name) for name in SCRIPTS)
    parts = {
        "policy": policy(style, script),
        "style": style,
        "script": script,
        "numbers": store.text(),
        "document": document,
    }
    before, *rest = static(STATIC / "see.html").split("{{")
    pieces = (piece.partition("}}") for piece in rest)
    return before + "".join(parts[name] + after for name, _, after in pieces)


def contents(lesson: Lesson, store: Store) -> dict[str, Any]:
    """Return all that the page says, arrays by their number in the store."""
    stack, config = lesson.stack, lesson.stack.config
    turn = stack.places(Packed((len(lesson.tokens),)), rows(lesson)["token"], stack.local(0)).turn
    tokens = stack.input
    assert isinstance(tokens, Tokens)
    names = ("width", "depth", "heads", "kv_heads", "head_width", "hidden", "gated", "activation", "causal")
    return {
        "model": lesson.model,
        "family": lesson.family,
        "part": "encoder" if not config.causal else "decoder",
        "sentence": lesson.sentence,
        "total": lesson.total,
        "tokens": [vars(token) for token in lesson.tokens],
        **{name: getattr(config, name) for name in names},
        "post": config.norm_at == "post",
        "windowed": config.window is not None,
        "vocab": tokens.config.vocab,
        "positions": kinds(config),
        "switches": {name: name in able(stack) for name in SWITCHES},
        "kept": lesson.kept,
        "rows": {name: store.add(value) for name, value in rows(lesson).items()},
        "turn": None if turn is None else [store.add(part, "f4") for part in turn],
        "norms": {
            "input": norm(tokens.norm, store),
            "last": norm(stack.norm, store),
            "attention": [norm(stack.blocks[i].attention_norm, store) for i in lesson.kept],
            "feedforward": [norm(stack.blocks[i].feedforward_norm, store) for i in lesson.kept],
        },
        "runs": {
            "+".join(sorted(chosen)): [layer(lesson, i, one, store) for i, one in run.layers.items()]
            for chosen, run in lesson.runs.items()
        },
        "toy": {name.lower(): getattr(toy, name) for name in ("SENTENCE", "VECTORS", "AXES", "WORD")},
        "arrays": store.listed,
    }


def layer(lesson: Lesson, number: int, one: Layer, store: Store) -> dict[str, Any]:
    """Return one layer of a run; its input stands there where no kept layer before it gives it."""
    known = number - 1 in lesson.kept
    return {
        "x": None if known else store.add(one.x, "f2" if number else "f4"),
        **{
            name: store.add(getattr(one, name))
            for name in ("query", "key", "value", "attended", "fed", "peaks")
        },
        "places": store.add(one.places, "i4"),
        "bias": None if one.bias is None else store.add(one.bias, "f4"),
        "scale": one.scale,
    }


def norm(module: Any, store: Store) -> dict[str, Any] | None:
    """Return a norm's kind and learned numbers; None where nothing is normed."""
    if not isinstance(module, nn.LayerNorm | nn.RMSNorm):
        return None
    bias = getattr(module, "bias", None)
    assert module.weight is not None
    return {
        "centred": isinstance(module, nn.LayerNorm),
        "eps": module.eps,
        "weight": store.add(module.weight, "f4"),
        "bias": None if bias is None else store.add(bias, "f4"),
    }
