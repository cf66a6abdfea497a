"""Texts to vectors: a transformer, a pooling, and what follows."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Form, load_tokenizer, load_transformer, save_transformer
from heedful.checkpoint.tensors import LARGEST_JSON
from heedful.compress.laid import in_eight_bits
from heedful.core.attention import Packed
from heedful.core.config import TokenInput
from heedful.core.inputs import pack
from heedful.core.model import Stack, Transformer
from heedful.core.precision import dtype
from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.estimator import Clock
from heedful.search.order import unit
from heedful.storage import inside, read_json, writing
from heedful.tasks.modules import POOLINGS, Dense, read_modules, write_modules
from heedful.text.tokenizer import Tokenizer
from heedful.train.cores import side_by_side
from heedful.types import Ints, Texts, Vectors

SETTINGS = "sentence_bert_config.json"
CHUNK = 8192  # texts tokenised at a time, so that memory stays flat
LONGEST = 512  # tokens, where neither the model nor the folder says
STEP = 256  # texts between two looks at the clock
SPARE = 0.15  # of the time, for what comes after encoding


class SentenceEncoder(nn.Module):
    """A sentence encoder that opens, and writes, the folders of sentence-transformers.

    `precision` is "auto" (bf16 where the processor has it in hardware), "fp32" or "bf16". Opened with "int8",
    its linear maps are in 8 bits: faster, a little less exact, and not to be saved.
    """

    def __init__(
        self,
        transformer: Transformer,
        form: Form,
        tokenizer: Tokenizer,
        pooling: str = "mean",
        after: Sequence[nn.Module] = (),
        precision: str = "auto",
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.after = nn.ModuleList(after)
        self.form = form
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.precision = precision
        self.found = ""

    @classmethod
    def load(cls, source: str | Path, precision: str = "auto") -> Self:
        """Open a folder, `package:NAME`, a fetched catalogue name such as `minilm`, or `hf:owner/name`."""
        folder, found = find(source)
        loaded = load_transformer(folder)
        config = loaded.transformer.config
        if config.encoder is None or not isinstance(config.encoder.input, TokenInput):
            raise CheckpointError(
                f"{folder} holds no encoder of texts. Name a sentence encoder such as minilm."
            )
        positions = config.encoder.input.positions or LONGEST
        tokenizer = load_tokenizer(folder, min(positions, max_tokens(folder) or positions))
        check_vocab(tokenizer, config.encoder.input.vocab, folder)
        pooling, after = read_modules(folder)
        encoder = cls(loaded.transformer, loaded.form, tokenizer, pooling, after, precision)
        encoder.found = found
        return encoder.reduced() if precision == "int8" else encoder.eval()

    def reduced(self) -> Self:
        """Return this encoder with its linear maps in 8 bits."""
        smaller = in_eight_bits(self.transformer)
        other = type(self)(smaller, self.form, self.tokenizer, self.pooling, list(self.after), "int8")
        other.found = self.found
        return other.eval()

    def forward(
        self, sequences: Sequence[Sequence[int]], segments: Sequence[Sequence[int]] | None = None
    ) -> Tensor:
        """Return the vectors (B, W) of B lists of token ids; give them in order of length.

        `segments` holds for each token the number of the text that it belongs to (None: there is one text).
        """
        ids, layout, parts = packed(self, sequences, segments)
        states, _ = self.stack(ids, layout, segments=parts)
        x = POOLINGS[self.pooling](states.float(), layout)
        for module in self.after:
            x = module(x)
        return x

    def encode(
        self,
        texts: Texts,
        *,
        batch_tokens: int = 2048,
        precision: str | None = None,
        prompt: str = "",
        dimensions: int | None = None,
        normalize: bool = False,
    ) -> Vectors:
        """Return one vector per text, in order: (B, W) float32, whatever it is batched with.

        `prompt` is put before each text. Only the first `dimensions` are kept (of a model that was trained
        for it: Kusupati et al. 2022), and then, with `normalize`, divided by their length.
        """
        if isinstance(texts, str):
            raise DataError("encode expects a list of texts; found one string. Wrap it in a list.")
        check_dimensions(dimensions, self.width)
        parts = [
            self.vectors(
                self.tokenizer.encode([prompt + text for text in texts[i : i + CHUNK]]).ids,
                batch_tokens=batch_tokens,
                precision=precision,
            )
            for i in range(0, len(texts), CHUNK)
        ]
        found = np.concatenate(parts) if parts else np.zeros((0, self.width), dtype=np.float32)
        return shortened(found, dimensions, normalize)

    def vectors(
        self,
        ids: Sequence[Sequence[int]],
        segments: Sequence[Sequence[int]] | None = None,
        *,
        batch_tokens: int = 2048,
        precision: str | None = None,
    ) -> Vectors:
        """Return one vector per list of token ids, in order: (B, W) float32; zeros for an empty one."""
        self.eval()
        precision = precision or self.precision
        if (precision == "int8") != (self.precision == "int8"):
            raise ConfigError(f"this encoder was opened in {self.precision}, found {precision!r:.100}. "
                              "Name the precision where it is opened.")  # fmt: skip
        kind = dtype("fp32" if precision == "int8" else precision)  # int8: of what is not a linear map
        return side_by_side_vectors(self, self.width, ids, segments, batch_tokens, kind)

    @property
    def stack(self) -> Stack:
        """The encoder proper."""
        assert self.transformer.encoder is not None
        return self.transformer.encoder

    @property
    def width(self) -> int:
        """W of the vectors."""
        outs = [module.linear.out_features for module in self.after if isinstance(module, Dense)]
        return [self.stack.config.width, *outs][-1]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the weights, the tokenizer and what follows the transformer."""
        digest = hashlib.sha256(f"{self.pooling} {self.after} {self.tokenizer.fingerprint}".encode())
        for name, value in sorted(self.state_dict().items()):
            digest.update(f"{name} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def truncated(self, texts: Texts) -> int:
        """Count the texts whose end the model does not see."""
        return sum(sum(self.tokenizer.encode(texts[i : i + CHUNK]).cut) for i in range(0, len(texts), CHUNK))

    def save(self, folder: str | Path) -> None:
        """Write a folder that sentence-transformers opens with equal vectors, whole or not at all."""
        with writing(folder) as fresh:
            self.write(fresh)

    def write(self, folder: Path) -> None:
        """Put the encoder's files into an open folder."""
        if self.precision == "int8":
            raise ConfigError("this encoder was opened in int8. Open it in fp32 to save it.")
        save_transformer(self.transformer, self.form, folder)
        self.tokenizer.save(folder)
        write_modules(folder, self.pooling, self.stack.config.width, list(self.after))
        settings = {"max_seq_length": self.tokenizer.max_tokens, "do_lower_case": False}
        (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def packed(
    module: nn.Module, sequences: Sequence[Sequence[int]], segments: Sequence[Sequence[int]] | None
) -> tuple[Tensor, Packed, Tensor | None]:
    """Return ids (N,) end to end, their layout and segments (N,), on the device where a module is."""
    ids, layout = pack(sequences)
    device = next(module.parameters()).device
    return ids.to(device), layout, None if segments is None else pack(segments)[0].to(device)


def side_by_side_vectors(
    module: nn.Module, width: int, ids: Sequence[Sequence[int]], segments: Sequence[Sequence[int]] | None,
    batch_tokens: int, kind: torch.dtype,
) -> Vectors:  # fmt: skip
    """Return what a module says of each list of token ids, in order: (B, W); zeros for an empty one."""
    vectors = np.zeros((len(ids), width), dtype=np.float32)
    device = next(module.parameters()).device.type

    def work(batch: list[int]) -> None:
        rows = [row for row in batch if len(ids[row])]
        if not rows:
            return
        bf16 = torch.autocast(device, torch.bfloat16, enabled=kind == torch.bfloat16)
        with torch.inference_mode(), bf16:
            parts = None if segments is None else [segments[row] for row in rows]
            vectors[rows] = module([ids[row] for row in rows], parts).float().cpu().numpy()

    side_by_side([len(sequence) for sequence in ids], batch_tokens, work)
    return vectors


def encode_within(
    encoder: SentenceEncoder, texts: Texts, targets: Ints, clock: Clock
) -> tuple[Vectors, Ints, str | None]:
    """Return vectors (M, W), the rows (M,) of their texts, and why some are missing (None: none is).

    One text of each class comes first, the others in random order, so that what `clock` allows is a fair
    sample of all classes; a part of the time is left over.
    """
    order = np.random.default_rng(0).permutation(len(texts))
    firsts = np.unique(targets[order], return_index=True)[1]
    order = np.concatenate([order[firsts], np.delete(order, firsts)])
    parts: list[Vectors] = []
    for start in range(0, len(texts), STEP):
        if start and clock.left() < clock.seconds * SPARE:
            break
        parts.append(encoder.encode([texts[row] for row in order[start : start + STEP]]))
    vectors = np.concatenate(parts)
    rows = order[: len(vectors)]
    sort = np.argsort(rows)
    missing = len(texts) - len(rows)
    stopped = f"time ran out after {len(rows):,} of {len(texts):,} training texts" if missing else None
    return vectors[sort], rows[sort], stopped


def shortened(vectors: Vectors, dimensions: int | None, normalize: bool) -> Vectors:
    """Return the first `dimensions` of each vector (None: all), divided by their length if asked."""
    found = vectors[:, :dimensions]
    return unit(found) if normalize else found


def check_dimensions(dimensions: int | None, width: int) -> None:
    """Raise ConfigError unless that many dimensions can be kept of `width`."""
    if dimensions is not None and not 0 < dimensions <= width:
        raise ConfigError(f"found {dimensions} dimensions; expected 1 to {width}, the model's width.")


def check_vocab(tokenizer: Tokenizer, vocab: int, folder: Path) -> None:
    """Raise CheckpointError if the tokenizer makes ids that the model has no row for."""
    if tokenizer.vocab > vocab:
        raise CheckpointError(
            f"{folder}: the tokenizer has {tokenizer.vocab} tokens, the model {vocab}. "
            "They do not belong together."
        )


def max_tokens(folder: Path) -> int | None:
    """Return the length at which the folder says that texts are cut, None if it does not say."""
    for name, key in ((SETTINGS, "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        if (folder / name).is_file():
            settings = read_json(inside(folder, name), CheckpointError, LARGEST_JSON)
            value = settings.get(key) if isinstance(settings, dict) else None
            if isinstance(value, int) and 0 < value < 1 << 20:
                return value
    return None
