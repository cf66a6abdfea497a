"""From parallel text to stored tokens of good pairs, and the pairs that are scored on."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from heedful.data.documents import Piece
from heedful.data.parallel import Cleaning, Numbered, Pair, Parallel, held_texts
from heedful.data.tokens import Tokens, write_tokens
from heedful.errors import CheckpointError, DataError, HeedfulError, TokenizerError
from heedful.storage import read_json, replacing, writing
from heedful.tasks.prepare import check_unused, make, standing
from heedful.text.marks import MARKS
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.text.training import KINDS

HELD = "held.json"
SHARE, MOST = 10, 1000  # without a dev part each tenth pair is held out, or fewer: about MOST at most
SCORED = 5000  # pairs of a part that are scored


@dataclass(frozen=True)
class Given:
    """The parallel text of a training, what chooses the best weights, and what is scored at the end.

    `rules` are further fields of `Cleaning`; with `targets_recur`, a target may stand in what is scored too.
    `prefix` is put before every source.
    """

    train: Parallel
    dev: Parallel | None = None
    test: Parallel | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    targets_recur: bool = False
    prefix: str = ""

    def cleaning(self, scored: Sequence[Pair] = ()) -> Cleaning:
        """Return what lets the good pairs through that are not scored."""
        sources, targets = held_texts(scored)
        return Cleaning((sources, frozenset() if self.targets_recur else targets), **self.rules)

    def fingerprints(self) -> dict[str, str | None]:
        """Return what tells these texts from others."""
        parts = {"train": self.train, "dev": self.dev, "test": self.test}
        return {name: part.fingerprint() if part else None for name, part in parts.items()}


@dataclass(frozen=True)
class PreparedPairs:
    """A tokenizer, the tokens of the training pairs, the texts of the others, and what cleaning took."""

    tokenizer: Tokenizer
    train: Tokens
    dev: list[Pair]
    test: list[Pair]
    cleaned: dict[str, Any]
    notes: list[str]
    prefix: str = ""


def prepare_pairs(
    given: Given, tokenizer: str | Tokenizer, vocab: int, folder: Path, say: Callable[[str], None],
    out: Path | None = None,
) -> PreparedPairs:  # fmt: skip
    """Write tokenizer, tokens and held-out pairs under `folder`, or take what stands there of the same text.

    One tokenizer serves both languages (Sennrich et al. 2016, section 3.2); `tokenizer` is one, or names a
    kind to learn, or a folder that has one. `out` is the folder of the run, above `folder` unless given.
    """
    about = {
        **given.fingerprints(), "rules": dict(given.rules), "prefix": given.prefix, "vocab": vocab,
        "tokenizer": tokenizer if isinstance(tokenizer, str) else tokenizer.fingerprint, "max_tokens": UNCUT,
    }  # fmt: skip
    if not (standing(folder, "train", about) and kept(folder, about)):
        check_unused(folder, about, out or folder.parent)
        write(given, tokenizer, vocab, folder, about, say)
    found = kept(folder, about)
    assert found is not None
    notes = [note for part in (given.train, given.dev, given.test) if part for note in part.notes]
    dev, test = ([(source, target) for source, target in found[part]] for part in ("dev", "test"))
    return PreparedPairs(
        Tokenizer.load(folder / "tokenizer", UNCUT), Tokens.open(folder / "train"), dev, test,
        found["cleaned"], [*notes, *found["notes"]], given.prefix,
    )  # fmt: skip


def write(
    given: Given, tokenizer: str | Tokenizer, vocab: int, folder: Path, about: dict[str, Any],
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Clean the pairs and write all of it; the held-out pairs come last and say that it is done."""
    dev, test, every, notes = held_out(given)

    def good() -> tuple[Cleaning, Iterator[Pair]]:
        cleaning = given.cleaning([*dev, *test])
        return cleaning, cleaning.good(rest(given.train, every))

    cleaning, pairs = good()
    if next(pairs, None) is None:
        taken = ", ".join(f"{count:,} {rule}" for rule, count in cleaning.taken.items()) or "there is none"
        raise DataError(f"{given.train.name} has no pair to learn from ({taken}). Name other parallel text.")
    if isinstance(tokenizer, str):
        say(f"{'learning' if tokenizer in KINDS else 'opening'} the tokenizer")
        made = make(tokenizer, sides(good()[1]), vocab, MARKS["translate"], UNCUT)
    else:
        made = tokenizer
    if not made.around:
        raise TokenizerError("the tokenizer puts no token behind a text. Train one, or take another.")
    with writing(folder / "tokenizer") as fresh:
        made.save(fresh)
    say("cutting the pairs into tokens")
    cleaning, pairs = good()
    write_tokens(folder / "train", sides(pairs, given.prefix), made, about, made.around[-1], every=True)
    cleaned = {"kept": cleaning.kept, "taken": dict(cleaning.taken), "examples": cleaning.examples}
    document = {"about": about, "dev": dev, "test": test, "cleaned": cleaned, "notes": notes}
    with replacing(folder / HELD) as fresh:
        fresh.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def sides(pairs: Iterator[Pair], prefix: str = "") -> Iterator[Piece]:
    """Yield source and target of each pair as documents."""
    for source, target in pairs:
        yield Piece(prefix + source, True)
        yield Piece(target, True)


def kept(folder: Path, about: dict[str, Any]) -> dict[str, Any] | None:
    """Return the held-out pairs that stand in the folder, if they are of this text."""
    try:
        found = read_json(folder / HELD, CheckpointError)
    except HeedfulError:
        return None
    return found if isinstance(found, dict) and found.get("about") == about else None


def held_out(given: Given) -> tuple[list[Pair], list[Pair], int, list[str]]:
    """Return the pairs of dev and test, each how many of train are held out (0: none), and notes."""
    notes: list[str] = []
    test = scored(given.test, "test", notes) if given.test else []
    if given.dev:
        return scored(given.dev, "dev", notes), test, 0, notes
    count = sum(1 for _ in given.train.numbered())
    every = max(SHARE, -(-count // MOST))
    chosen = (one for one in given.train.numbered() if one[0] % every == 0)
    dev = list(given.cleaning(test).good(chosen))
    if not dev:
        raise DataError(
            f"{given.train.name} has {count:,} pairs, too few to hold some out. "
            "Name a --dev part, or give more."
        )
    notes.append(f"{len(dev):,} pairs of train are held out as dev: each {every}th, if it is a good one.")
    return dev, test, every, notes


def rest(train: Parallel, every: int) -> Iterator[Numbered]:
    """Yield what is learned from."""
    return (one for one in train.numbered() if not every or one[0] % every)


def scored(part: Parallel, name: str, notes: list[str]) -> list[Pair]:
    """Return the pairs of a part that is scored, as they stand; those that lack a side are left out."""
    pairs, empty = [], 0
    for _, pair in part.numbered():
        if isinstance(pair, str) or not pair[0].strip() or not pair[1].strip():
            empty += 1
        else:
            pairs.append((pair[0].strip(), pair[1].strip()))
        if len(pairs) > SCORED:
            notes.append(f"Of {name} the first {SCORED:,} pairs are scored.")
            break
    if empty:
        notes.append(f"{empty:,} pairs of {name} lack a side and are not scored.")
    if not pairs:
        raise DataError(f"{part.name} has no pair with two sides to score. Name another {name} part.")
    return list(islice(pairs, SCORED))
