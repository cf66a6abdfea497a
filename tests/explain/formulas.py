"""A stack written out in numpy, float64, from its parameters alone: what every switch must agree with."""

import math
from collections.abc import Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from heedful.core.model import Stack

Matrix = NDArray[np.float64]
ACTIVATIONS = {
    "gelu": lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


class Formula:
    """`run(ids, off)` returns the last vectors (T, W) and the weights (H, T, T) of each layer."""

    def __init__(self, stack: Stack) -> None:
        self.config: Any = stack.config
        self.table = {name: value.double().numpy() for name, value in stack.state_dict().items()}

    def linear(self, x: Matrix, name: str) -> Matrix:
        return x @ self.table[f"{name}.weight"].T + self.table.get(f"{name}.bias", 0)

    def norm(self, x: Matrix, name: str) -> Matrix:
        if f"{name}.weight" not in self.table:
            return x
        mean = 0 if self.config.norm == "rms" else x.mean(1, keepdims=True)
        spread = np.sqrt(((x - mean) ** 2).mean(1, keepdims=True) + self.config.norm_eps)
        return (x - mean) / spread * self.table[f"{name}.weight"] + self.table.get(f"{name}.bias", 0)

    def turned(self, x: Matrix) -> Matrix:
        """Turn (T, K) pair by pair, each by an own rotation matrix."""
        half, made = x.shape[1] // 2, x.copy()
        for t in range(len(x)):
            for n in range(half):
                angle = t * self.config.rotary.theta ** (-2 * n / x.shape[1])
                turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
                made[t, [n, n + half]] = turn @ x[t, [n, n + half]]
        return made

    def shift(self, count: int, head: int) -> Matrix:
        """T5's shift for an encoder, distance by distance."""
        relative, made = self.config.relative, np.zeros((count, count))
        side, near = relative.buckets // 2, relative.buckets // 4
        for i in range(count):
            for j in range(count):
                far = abs(j - i)
                if far >= near:
                    grown = math.log(far / near) / math.log(relative.distance / near) * (side - near)
                    far = min(near + int(grown), side - 1)
                made[i, j] = self.table["places.relative.weight"][far + (side if j > i else 0), head]
        return made

    def attention(self, y: Matrix, block: str, off: Set[str]) -> tuple[Matrix, Matrix]:
        config, count, size = self.config, len(y), self.config.head_width
        query, key, value = (
            self.linear(y, f"{block}.attention.{part}") for part in ("query", "key", "value")
        )
        scale = 1.0 if "scale" in off else config.score_scale or 1 / math.sqrt(size)
        made, weights = np.zeros((count, config.heads * size)), np.zeros((config.heads, count, count))
        for h in range(config.heads):
            group = h * config.kv_heads // config.heads
            mine, theirs = slice(h * size, (h + 1) * size), slice(group * size, (group + 1) * size)
            q, k = query[:, mine], key[:, theirs]
            if config.rotary and "positions" not in off:
                q, k = self.turned(q), self.turned(k)
            scores = q @ k.T * scale
            if config.relative and "positions" not in off:
                scores = scores + self.shift(count, h)
            if config.causal != ("mask" in off):
                scores = np.where(np.tril(np.ones((count, count))) > 0, scores, -np.inf)
            powers = np.exp(scores - scores.max(1, keepdims=True))
            weights[h] = powers / powers.sum(1, keepdims=True)
            made[:, mine] = weights[h] @ value[:, theirs]
        return self.linear(made, f"{block}.attention.output"), weights

    def feedforward(self, y: Matrix, block: str) -> Matrix:
        act = ACTIVATIONS[self.config.activation]
        up = self.linear(y, f"{block}.feedforward.up")
        hidden = act(self.linear(y, f"{block}.feedforward.gate")) * up if self.config.gated else act(up)
        return self.linear(hidden, f"{block}.feedforward.down")

    def run(self, ids: list[int], off: Set[str]) -> tuple[Matrix, list[Matrix]]:
        x = self.table["input.token.weight"][ids]
        if "input.position.weight" in self.table and "positions" not in off:
            x = x + self.table["input.position.weight"][: len(ids)]
        if "input.segment.weight" in self.table:
            x = x + self.table["input.segment.weight"][0]
        x = self.norm(x, "input.norm")
        seen, post, kept = [], self.config.norm_at == "post", "residual" not in off
        for i in range(self.config.depth):
            block = f"blocks.{i}"
            made, weights = self.attention(x if post else self.norm(x, f"{block}.attention_norm"), block, off)
            seen.append(weights)
            x = x * kept + made
            x = self.norm(x, f"{block}.attention_norm") if post else x
            made = self.feedforward(x if post else self.norm(x, f"{block}.feedforward_norm"), block)
            x = x * kept + made
            x = self.norm(x, f"{block}.feedforward_norm") if post else x
        return self.norm(x, "norm"), seen
