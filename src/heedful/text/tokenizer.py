"""Texts to token ids, with every cut counted."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer as Engine

from heedful.errors import TokenizerError

FILE = "tokenizer.json"
COMPANIONS = ("tokenizer_config.json", "special_tokens_map.json", "vocab.txt")  # other libraries read these
LARGEST_FILE = 64 << 20  # bytes


@dataclass(frozen=True)
class Encoded:
    """Token ids of each text, and which texts lost their end."""

    ids: list[list[int]]
    cut: list[bool]


class Tokenizer:
    """A tokenizer.json, without the padding and truncation that may be set inside it."""

    def __init__(self, text: str, max_tokens: int, companions: Mapping[str, str] | None = None) -> None:
        self.text = text
        self.companions = dict(companions or {})
        self.max_tokens = max_tokens
        try:
            self.engine = Engine.from_str(text)
        except Exception as problem:  # the engine raises bare Exception
            raise TokenizerError(
                f"{FILE} is no tokenizer ({problem}). Copy or make the file again."
            ) from None
        self.engine.no_padding()
        self.engine.no_truncation()
        self.special_tokens = len(self.engine.encode("").ids)
        if max_tokens <= self.special_tokens:
            raise TokenizerError(f"max_tokens is {max_tokens}; expected more than {self.special_tokens}.")
        self.engine.enable_truncation(max_tokens)

    @classmethod
    def load(cls, folder: Path, max_tokens: int) -> "Tokenizer":
        """Read tokenizer.json of a model folder."""
        path = folder / FILE
        if not path.is_file():
            raise TokenizerError(f"{path} is missing; expected the model's tokenizer. Copy the folder again.")
        if path.stat().st_size > LARGEST_FILE:
            raise TokenizerError(f"{path} has {path.stat().st_size} bytes; at most {LARGEST_FILE} are read.")
        try:
            beside = {name: folder / name for name in COMPANIONS}
            texts = {name: file.read_text("utf-8") for name, file in beside.items() if small(file)}
            return cls(path.read_text(encoding="utf-8"), max_tokens, texts)
        except UnicodeDecodeError:
            raise TokenizerError(f"{path} is not UTF-8. Copy or make the file again.") from None

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the ids of each text with the special tokens around them, at most `max_tokens` long."""
        found = self.engine.encode_batch([legal(text) for text in texts])
        return Encoded([item.ids for item in found], [bool(item.overflowing) for item in found])

    @property
    def vocab(self) -> int:
        """V: one more than the largest id."""
        return max(self.engine.get_vocab(with_added_tokens=True).values()) + 1

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Write the files that `load` read, as they were."""
        for name, text in {**self.companions, FILE: self.text}.items():
            (folder / name).write_text(text, encoding="utf-8")


def small(path: Path) -> bool:
    """Is this a file that may be read whole?"""
    return path.is_file() and path.stat().st_size <= LARGEST_FILE


def legal(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
