"""Texts to token ids, with every cut counted."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Encoding
from tokenizers import Tokenizer as Engine

from heedful.errors import TokenizerError
from heedful.storage import inside

FILE = "tokenizer.json"
COMPANIONS = ("tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "chat_template.jinja")
LARGEST_FILE = 64 << 20  # bytes
UNCUT = 1 << 30  # tokens: a tokenizer that never cuts a text
LARGEST_COMPANION = 8 << 20
FIXED, PER_TOKEN = (
    1 << 20,
    256,
)  # bytes of a file for a known number of tokens; the largest real ones have 140 each


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
        with told(f"{FILE} is no tokenizer"):
            self.engine = Engine.from_str(text)
            self.engine.no_padding()
            self.engine.no_truncation()
            self.special_tokens = self.engine.num_special_tokens_to_add(is_pair=False)
        if max_tokens <= self.special_tokens:
            raise TokenizerError(f"max_tokens is {max_tokens}; expected more than {self.special_tokens}.")
        if not self.engine.get_vocab_size(with_added_tokens=True):
            raise TokenizerError(f"{FILE} has no tokens. Copy or make the file again.")
        with told(f"{FILE} is no tokenizer"):
            self.around: list[int] = self.engine.post_process(Encoding()).ids
        self.engine.enable_truncation(max_tokens)

    @classmethod
    def load(cls, folder: Path, max_tokens: int, vocab: int = 0) -> "Tokenizer":
        """Read tokenizer.json of a model folder; the model's `vocab`, if known, limits what is parsed."""
        path = folder / FILE
        if not path.is_file():
            raise TokenizerError(f"{path} is missing; expected the model's tokenizer. Copy the folder again.")
        size, most = (
            path.stat().st_size,
            min(LARGEST_FILE, FIXED + PER_TOKEN * vocab if vocab else LARGEST_FILE),
        )
        if size > most:
            raise TokenizerError(f"{path} has {size} bytes; at most {most} are read. Copy the file again.")
        texts = {name: read(folder, name) for name in COMPANIONS if small(folder / name)}
        return cls(read(folder, FILE), max_tokens, texts)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the ids of each text with the special tokens around them, at most `max_tokens` long."""
        with told(f"{FILE} cannot cut a text into tokens"):
            found = self.engine.encode_batch([legal(text) for text in texts])
        return Encoded([item.ids for item in found], [bool(item.overflowing) for item in found])

    @property
    def vocab(self) -> int:
        """V: one more than the largest id, of the special tokens around a text too."""
        return max([*self.engine.get_vocab(with_added_tokens=True).values(), *self.around]) + 1

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Write the files that `load` read, as they were."""
        for name, text in {**self.companions, FILE: self.text}.items():
            (folder / name).write_text(text, encoding="utf-8")


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what the engine raises into TokenizerErrors: bare Exceptions, and panics, which are none."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        reason = str(problem).partition("\n")[0]
        raise TokenizerError(f"{what} ({reason:.200}). Copy or make the file again.") from None


def small(path: Path) -> bool:
    """Is this a companion that may be read whole?"""
    return path.is_file() and path.stat().st_size <= LARGEST_COMPANION


def read(folder: Path, name: str) -> str:
    """Return the text of a file that lies in the folder."""
    try:
        return inside(folder, name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TokenizerError(f"{folder / name} is not UTF-8. Copy or make the file again.") from None
    except OSError as problem:
        raise TokenizerError(f"{folder / name} cannot be read: {problem.strerror}.") from None


def legal(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
