"""Texts to vectors: a transformer, a pooling, and what follows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import load_transformer, save_transformer
from heedful.core.inputs import pack
from heedful.core.model import Transformer
from heedful.core.precision import dtype
from heedful.errors import CheckpointError, DataError
from heedful.families import Family
from heedful.storage import inside, read_json, writing
from heedful.tasks.modules import POOLINGS, Dense, read_modules, write_modules
from heedful.text.tokenizer import Tokenizer
from heedful.train.batches import by_length
from heedful.train.cores import pool
from heedful.types import Texts, Vectors

SETTINGS = "sentence_bert_config.json"
CHUNK = 8192  # texts tokenised at a time, so that memory stays flat


class SentenceEncoder(nn.Module):
    """A sentence encoder that opens, and writes, the folders of sentence-transformers.

    `precision` is "auto" (bf16 where the processor has it in hardware), "fp32" or "bf16".
    """

    def __init__(
        self,
        transformer: Transformer,
        family: Family,
        tokenizer: Tokenizer,
        pooling: str = "mean",
        after: Sequence[nn.Module] = (),
        precision: str = "auto",
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.after = nn.ModuleList(after)
        self.family = family
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.precision = precision
        self.found = ""

    @classmethod
    def load(cls, source: str | Path, precision: str = "auto") -> Self:
        """Open a folder, `package:NAME`, a fetched catalogue name such as `minilm`, or `hf:owner/name`."""
        folder, found = find(source)
        loaded = load_transformer(folder)
        positions = loaded.transformer.config.input.positions
        tokenizer = Tokenizer.load(folder, min(positions, max_tokens(folder) or positions))
        if tokenizer.vocab > loaded.transformer.config.input.vocab:
            raise CheckpointError(
                f"{folder}: the tokenizer has {tokenizer.vocab} tokens, the model "
                f"{loaded.transformer.config.input.vocab}. They do not belong together."
            )
        pooling, after = read_modules(folder)
        encoder = cls(loaded.transformer, loaded.family, tokenizer, pooling, after, precision)
        encoder.found = found
        return encoder.eval()

    def forward(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Return the vectors (B, W) of B lists of token ids; give them in order of length."""
        ids, layout = pack(sequences)
        ids = ids.to(next(self.parameters()).device)
        x = POOLINGS[self.pooling](self.transformer(ids, layout).float(), layout)
        for module in self.after:
            x = module(x)
        return x

    def encode(self, texts: Texts, *, batch_tokens: int = 2048, precision: str | None = None) -> Vectors:
        """Return one vector per text, in order: (B, W) float32, whatever it is batched with."""
        if isinstance(texts, str):
            raise DataError("encode expects a list of texts; found one string. Wrap it in a list.")
        parts = [
            self._encode(texts[i : i + CHUNK], batch_tokens, precision) for i in range(0, len(texts), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.width), dtype=np.float32)

    def _encode(self, texts: Texts, batch_tokens: int, precision: str | None) -> Vectors:
        ids = self.tokenizer.encode(texts).ids
        vectors = np.empty((len(texts), self.width), dtype=np.float32)
        kind = dtype(precision or self.precision)
        device = next(self.parameters()).device.type
        self.eval()

        def work(rows: list[int]) -> None:
            bf16 = torch.autocast(device, torch.bfloat16, enabled=kind == torch.bfloat16)
            with torch.inference_mode(), bf16:
                vectors[rows] = self([ids[row] for row in rows]).float().cpu().numpy()

        batches = list(by_length([len(sequence) for sequence in ids], batch_tokens))
        with pool() as threads:
            list(threads.map(work, reversed(batches)))  # the largest first, so that all threads end together
        return vectors

    @property
    def width(self) -> int:
        """W of the vectors."""
        outs = [module.linear.out_features for module in self.after if isinstance(module, Dense)]
        return [self.transformer.config.width, *outs][-1]

    def truncated(self, texts: Texts) -> int:
        """Count the texts whose end the model does not see."""
        return sum(sum(self.tokenizer.encode(texts[i : i + CHUNK]).cut) for i in range(0, len(texts), CHUNK))

    def save(self, folder: str | Path) -> None:
        """Write a folder that sentence-transformers opens with equal vectors, whole or not at all."""
        with writing(folder) as fresh:
            self.write(fresh)

    def write(self, folder: Path) -> None:
        """Put the encoder's files into an open folder."""
        save_transformer(self.transformer, self.family, folder)
        self.tokenizer.save(folder)
        write_modules(folder, self.pooling, self.transformer.config.width, list(self.after))
        settings = {"max_seq_length": self.tokenizer.max_tokens, "do_lower_case": False}
        (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def max_tokens(folder: Path) -> int | None:
    """Return the length at which the folder says that texts are cut, None if it does not say."""
    for name, key in ((SETTINGS, "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        if (folder / name).is_file():
            settings = read_json(inside(folder, name), CheckpointError)
            value = settings.get(key) if isinstance(settings, dict) else None
            if isinstance(value, int) and 0 < value < 1 << 20:
                return value
    return None
