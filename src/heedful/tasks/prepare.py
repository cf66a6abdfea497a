"""From a corpus to tokens on the disk, in two parts: what is trained on, and what is held out."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.checkpoint.folder import load_tokenizer
from heedful.data.corpus import Corpus
from heedful.data.documents import Piece
from heedful.data.tokens import Tokens, write_tokens
from heedful.errors import ConfigError, DataError, HeedfulError
from heedful.storage import writing
from heedful.text.marks import Marks, id_of
from heedful.text.tokenizer import Tokenizer
from heedful.text.training import KINDS, train_tokenizer
from heedful.train.checkpoints import CHECKPOINTS, another_run, steps

PARTS = ("train", "dev")
MINIMUM = 32  # tokens of a part


@dataclass(frozen=True)
class Prepared:
    """A tokenizer, and the tokens of both parts."""

    tokenizer: Tokenizer
    train: Tokens
    dev: Tokens
    notes: list[str]


def prepare(
    corpus: Corpus, dev: Corpus | float, tokenizer: str, vocab: int, marks: Marks, max_tokens: int,
    folder: Path, say: Callable[[str], None],
) -> Prepared:  # fmt: skip
    """Write both parts under `folder`, or take those that stand there from the same corpus and tokenizer.

    `dev` is another corpus, or the share of this one's characters, its last ones, that is held out. A
    tokenizer learns from the training part alone; `tokenizer` names a kind, or a folder that has one.
    """
    about = {
        "corpus": corpus.fingerprint(),
        "dev": dev if isinstance(dev, float) else dev.fingerprint(),
        "tokenizer": tokenizer,
        "vocab": vocab,
        "marks": marks.tokens(True),
        "max_tokens": max_tokens,
    }
    found = [one for name in PARTS if (one := standing(folder, name, about))]
    if len(found) < len(PARTS):
        check_unused(folder, about, folder.parent)
        cut = None if isinstance(dev, Corpus) else held_out(corpus, dev)
        say(f"{'learning' if tokenizer in KINDS else 'opening'} the tokenizer")
        made = make(tokenizer, before(corpus.pieces(), cut), vocab, marks, max_tokens)
        with writing(folder / "tokenizer") as fresh:
            made.save(fresh)
        say("cutting the corpus into tokens")
        end = None if marks.one else id_of(made, marks.roles["eos"])
        rest = dev.pieces() if isinstance(dev, Corpus) else after(corpus.pieces(), cut or 0)
        for part, pieces in zip(PARTS, (before(corpus.pieces(), cut), rest), strict=True):
            write_tokens(folder / part, pieces, made, about, end)
        found = [Tokens.open(folder / part) for part in PARTS]
    train, held = (enough(part, name) for part, name in zip(found, PARTS, strict=True))
    notes = [*corpus.notes, *(dev.notes if isinstance(dev, Corpus) else [])]
    return Prepared(Tokenizer.load(folder / "tokenizer", max_tokens), train, held, notes)


def check_unused(folder: Path, about: Mapping[str, Any], out: Path) -> None:
    """Refuse to overwrite the tokens of another corpus that the run in `out` learns from."""
    try:
        theirs = Tokens.open(folder / PARTS[0]).about
    except HeedfulError:
        return
    ours = json.loads(json.dumps(about))
    if theirs != ours and steps(out / CHECKPOINTS):
        raise another_run(out, {"tokens": theirs}, {"tokens": ours})


def standing(folder: Path, part: str, about: Mapping[str, Any]) -> Tokens | None:
    """Return the tokens of this corpus that stand in the folder, cut by the tokenizer that stands there."""
    try:
        found = Tokens.open(folder / part)
        mine = Tokenizer.load(folder / "tokenizer", about["max_tokens"]).fingerprint == found.tokenizer
    except HeedfulError:
        return None
    return found if mine and found.about == json.loads(json.dumps(about)) else None


def enough(found: Tokens, part: str) -> Tokens:
    """Return a part that has something to learn from or to measure."""
    if len(found.ids) < MINIMUM:
        raise DataError(
            f"the {part} part has {len(found.ids)} tokens; expected at least {MINIMUM}. Name a larger corpus."
        )
    return found


def held_out(corpus: Corpus, share: float) -> int:
    """Return how many characters come before those that are held out."""
    if not 0 < share < 1:
        raise ConfigError(f"the held-out share is {share}; expected one between 0 and 1, such as 0.1.")
    return int(sum(len(piece.text) for piece in corpus.pieces()) * (1 - share))


def before(pieces: Iterable[Piece], cut: int | None) -> Iterator[Piece]:
    """Yield what stands before character number `cut` (None: everything)."""
    for piece in pieces:
        if cut is not None and cut <= len(piece.text):
            yield Piece(piece.text[:cut], True)
            return
        cut = None if cut is None else cut - len(piece.text)
        yield piece


def after(pieces: Iterable[Piece], cut: int) -> Iterator[Piece]:
    """Yield what stands from character number `cut` on."""
    for piece in pieces:
        if cut < len(piece.text):
            yield Piece(piece.text[cut:], piece.ends) if cut else piece
        cut = max(0, cut - len(piece.text))


def make(name: str, pieces: Iterable[Piece], vocab: int, marks: Marks, max_tokens: int) -> Tokenizer:
    """Return a tokenizer learned from the pieces, or that of a folder."""
    if name in KINDS:
        return train_tokenizer(name, (piece.text for piece in pieces), vocab, marks, max_tokens)
    if not Path(name).is_dir():
        raise ConfigError(
            f"there is no tokenizer {name!r}; expected {', '.join(KINDS)}, or the folder of a model."
        )
    return (
        load_tokenizer(Path(name), max_tokens)
        if (Path(name) / "config.json").is_file()
        else (Tokenizer.load(Path(name), max_tokens))
    )
