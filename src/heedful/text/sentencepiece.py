"""Tokenizers out of SentencePiece's own files: `spiece.model` of T5, `source.spm` and `vocab.json` of Marian.

A model file is one protobuf message (sentencepiece_model.proto of github.com/google/sentencepiece), read here
by hand. Only unigram models are taken. References: MarianTokenizer and T5Tokenizer of transformers.
"""

import json
import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import Tokenizer as Engine

from heedful.errors import TokenizerError
from heedful.storage import inside, read_json
from heedful.text.marks import SENTINELS
from heedful.text.protobuf import Value, bytes_of, fields
from heedful.text.tokenizer import (
    COMPANIONS,
    FILE,
    FIXED,
    LARGEST_FILE,
    PER_TOKEN,
    Tokenizer,
    read,
    small,
    told,
)
from heedful.text.unigram import BLANK

SPIECE, SOURCE, VOCAB = "spiece.model", "source.spm", "vocab.json"
SETTINGS = "tokenizer_config.json"
NORMAL, UNKNOWN, CONTROL, OWN = 1, 2, 3, 4  # types of pieces; OWN: user-defined
UNIGRAM = 1  # a type of model
TYPES: dict[Value, str] = {2: "BPE", 3: "word", 4: "char"}  # the others
END, UNK, PAD = "</s>", "<unk>", "<pad>"
UNSEEN = "\u2063\u2064\u2062\ue000\ue001\uf8fe\uf8ff"  # characters that no piece should have
NAMES = {"eos_token": END, "unk_token": UNK, "pad_token": PAD}
MOST_EXTRA = 1000


@dataclass(frozen=True)
class Piece:
    """A string of characters, its log probability, and what kind it is."""

    text: str
    score: float
    kind: int


@dataclass(frozen=True)
class PieceModel:
    """What a model file says: pieces by id, the table of the normalizer, whether blanks are tidied."""

    pieces: list[Piece]
    charsmap: bytes
    prefixed: bool  # a blank before the first word
    tidy: bool  # one blank for several, none at the ends

    @property
    def unknown(self) -> int:
        """The id of the unknown piece."""
        return next(id for id, piece in enumerate(self.pieces) if piece.kind == UNKNOWN)


def read_model(data: bytes, source: str) -> PieceModel:
    """Parse a model file; `source` is named in errors."""
    try:
        return model_of(data)
    except (ValueError, struct.error) as problem:  # UnicodeDecodeError too
        raise TokenizerError(
            f"{source} is no SentencePiece model that can be read ({problem!s:.150}). Copy the file again, "
            "or use a folder with tokenizer.json."
        ) from None


def model_of(data: bytes) -> PieceModel:
    """Return the model of a ModelProto; ValueError where it cannot be used."""
    pieces, trainer, normalizer = [], {}, {}
    for number, value in fields(data):
        if number == 1:
            pieces.append(piece_of(dict(fields(bytes_of(value)))))
        elif number == 2:
            trainer = dict(fields(bytes_of(value)))
        elif number == 3:
            normalizer = dict(fields(bytes_of(value)))
    if (kind := trainer.get(3, UNIGRAM)) != UNIGRAM:
        raise ValueError(f"its type is {TYPES.get(kind, kind)!r:.50}; expected unigram")
    if trainer.get(35) or trainer.get(24) or not normalizer.get(5, 1):
        raise ValueError("bytes for unknown characters, and blanks behind words or unmarked, are not known")
    check_pieces(pieces)
    charsmap = bytes_of(normalizer.get(2, b""))
    check_charsmap(charsmap)
    return PieceModel(pieces, charsmap, bool(normalizer.get(3, 1)), bool(normalizer.get(4, 1)))


def piece_of(entry: Mapping[int, Value]) -> Piece:
    """Return the piece of a SentencePiece message."""
    (score,) = struct.unpack("<f", bytes_of(entry.get(2, bytes(4))))
    kind = entry.get(3, NORMAL)
    if not math.isfinite(score) or not isinstance(kind, int):
        raise ValueError("a piece has no score or type")
    return Piece(bytes_of(entry.get(1, b"")).decode("utf-8"), score, kind)


def check_pieces(pieces: list[Piece]) -> None:
    """Raise ValueError unless each piece is there once, and one is for the unknown."""
    texts = {piece.text for piece in pieces}
    if len(texts) < len(pieces) or "" in texts:
        raise ValueError("a piece is there twice, or empty")
    if sum(piece.kind == UNKNOWN for piece in pieces) != 1 or all(piece.kind != NORMAL for piece in pieces):
        raise ValueError("expected one unknown piece, and pieces of text")


def check_charsmap(charsmap: bytes) -> None:
    """Raise ValueError unless a normalizer's table has the size that it tells: a trie, then texts."""
    if charsmap:
        (size,) = struct.unpack("<I", charsmap[:4])
        if not 4 <= size <= len(charsmap) - 4 or size % 4:
            raise ValueError("the table of its normalizer is damaged")


def t5_text(model: PieceModel, extra: int = SENTINELS) -> str:
    """Return tokenizer.json for T5: the pieces, then `extra` sentinels, the last one first."""
    sentinels = [f"<extra_id_{number}>" for number in reversed(range(extra))]
    known = {piece.text for piece in model.pieces}
    new = [(text, 0.0) for text in sentinels if text not in known]
    special = [piece.text for piece in model.pieces if piece.kind in (UNKNOWN, CONTROL)]
    engine = Engine(models.Unigram([*((p.text, p.score) for p in model.pieces), *new], model.unknown))
    if model.charsmap:
        engine.normalizer = normalizers.Precompiled(model.charsmap)
    blank = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="always")
    engine.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), blank])
    engine.decoder = decoders.Metaspace(replacement=BLANK, prepend_scheme="always")
    return finished(engine, [*special, *sentinels])


def marian_text(source: PieceModel, vocab: Mapping[str, int]) -> str:
    """Return tokenizer.json for Marian, whose ids are those of `vocab`.

    A text is cut by the source's pieces and scores, without those that `vocab` lacks. Other tokens carry a
    sign that no text has, which decoding takes away; but a run of characters that the source does not know,
    and that is one token of `vocab`, is that token (the target's letters).
    """
    scores = {piece.text: piece.score for piece in source.pieces if piece.kind in (NORMAL, OWN)}
    least = min(piece.score for piece in source.pieces if piece.kind == NORMAL)
    sign, foreign = unseen([*scores, *vocab])
    codes = [token for token in vocab if token.startswith(">>") and token.endswith("<<")]
    special = [token for token in (END, UNK, PAD) if token in vocab]
    letters = {text for text in scores if len(text) == 1}
    own = {*scores, *special, *codes}
    foreigners = [token for token in vocab if token not in own and letters.isdisjoint(token)]
    bare = {*own, *foreigners}
    listed = [
        (token if token in bare else token + sign, scores.get(token, least))
        for token in sorted(vocab, key=vocab.__getitem__)
    ]
    engine = Engine(models.Unigram(listed, vocab[UNK]))
    engine.normalizer = normalizers.Sequence(
        [*normal(source, sign, foreign), normalizers.Replace(runs(letters, foreigners), foreign)]
    )
    engine.decoder = decoders.Sequence(
        [
            decoders.Replace(sign, ""),
            decoders.Replace(BLANK, " "),
            decoders.Fuse(),
            decoders.Replace(Regex(r"\A\s+|\s+\z"), ""),
        ]
    )
    engine.add_tokens([AddedToken(token, normalized=False) for token in codes])
    return finished(engine, special)


def unseen(texts: Iterable[str]) -> list[str]:
    """Return two characters that are in none of the texts."""
    seen = set().union(*texts)
    free = [sign for sign in UNSEEN if sign not in seen]
    if len(free) < 2:
        raise ValueError("its pieces have all characters that stand for none")
    return free[:2]


def runs(letters: set[str], tokens: list[str]) -> Regex:
    """Return what finds characters in a row that are no letters, unless they are all of a token."""
    other = f"[^{''.join(map(re.escape, sorted(letters)))}]"
    whole = "|".join(re.escape(token) for token in tokens if len(token) > 1)
    unless = f"(?!(?:{whole})(?!{other}))" if whole else ""  # long: tried where such characters begin alone
    return Regex(f"(?<!{other})(?={other}{{2}}){unless}{other}+")


def normal(model: PieceModel, sign: str, foreign: str) -> Iterator[Any]:
    """Yield what SentencePiece does to a text before it cuts it; a `sign` in it becomes another character."""
    if model.charsmap:
        yield normalizers.Precompiled(model.charsmap)
    yield normalizers.Replace(sign, foreign)
    if model.tidy:
        yield normalizers.Replace(Regex(r"\A +"), "")
        yield normalizers.Replace(Regex(" {2,}"), " ")
    yield normalizers.Replace(" ", BLANK)
    if model.tidy:
        yield normalizers.Replace(Regex(rf"{BLANK}+\z"), "")
    if model.prefixed:
        yield normalizers.Prepend(BLANK)


def finished(engine: Engine, special: list[str]) -> str:
    """Return tokenizer.json of an engine, with its special tokens, and `</s>` behind a text."""
    engine.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    engine.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, engine.token_to_id(END))]
    )
    return str(engine.to_str())


def has_pieces(folder: Path) -> bool:
    """Does a folder have a tokenizer as SentencePiece's files alone?"""
    names = {SPIECE, SOURCE, VOCAB, FILE}
    found = {name for name in names if (folder / name).is_file()}
    return FILE not in found and (SPIECE in found or {SOURCE, VOCAB} <= found)


def load_pieces(folder: Path, max_tokens: int, vocab: int = 0) -> Tokenizer:
    """Make the tokenizer of a folder that `has_pieces`; the model's `vocab`, if known, limits the files."""
    most = min(LARGEST_FILE, FIXED + PER_TOKEN * vocab if vocab else LARGEST_FILE)
    texts = {name: read(folder, name) for name in COMPANIONS if small(folder / name)}
    said = settings_of(folder) if SETTINGS in texts else {}
    paired = (folder / SOURCE).is_file() and (folder / VOCAB).is_file()
    path = folder / (SOURCE if paired else SPIECE)
    model = read_model(read_bytes(folder, path.name, most), str(path))
    if not paired:
        extra = said.get("extra_ids", SENTINELS)
        if type(extra) is not int or not 0 <= extra <= MOST_EXTRA:
            raise TokenizerError(
                f"{folder / SETTINGS}: extra_ids is {extra!r:.50}; expected 0 to {MOST_EXTRA}."
            )
        with told(f"{path} makes no tokenizer"):
            text = t5_text(model, extra)
        return Tokenizer(text, max_tokens, texts)
    if said.get("separate_vocabs"):
        raise TokenizerError(f"{folder} has a vocabulary for each language; expected one. Use another model.")
    listed = read_vocab(folder, most)
    texts[SETTINGS] = json.dumps({**NAMES, **said, "tokenizer_class": "PreTrainedTokenizerFast"}, indent=2)
    with told(f"{path} makes no tokenizer"):
        text = marian_text(model, listed)
    return Tokenizer(text, max_tokens, texts)


def read_bytes(folder: Path, name: str, most: int) -> bytes:
    """Return the bytes of a file that lies in the folder, `most` at most."""
    path = inside(folder, name)
    try:
        size = path.stat().st_size
        if size > most:
            raise TokenizerError(f"{path} has {size} bytes; at most {most} are read. Copy the file again.")
        return path.read_bytes()
    except OSError as problem:
        raise TokenizerError(f"{path} cannot be read: {problem.strerror}.") from None


def settings_of(folder: Path) -> dict[str, Any]:
    """Return what tokenizer_config.json says."""
    said = read_json(inside(folder, SETTINGS), TokenizerError)
    return said if isinstance(said, dict) else {}


def read_vocab(folder: Path, most: int) -> dict[str, int]:
    """Return vocab.json, tokens to ids from 0 without gaps."""
    path = inside(folder, VOCAB)
    found = read_json(path, TokenizerError, most)
    numbers = list(found.values()) if isinstance(found, dict) else []
    if not all(type(id) is int for id in numbers) or sorted(numbers) != list(range(len(numbers))):
        raise TokenizerError(f"{path} does not number tokens from 0 without gaps. Copy the file again.")
    if lacking := [token for token in (END, UNK) if token not in found]:
        raise TokenizerError(f"{path} has no {lacking[0]}; expected it as a token. Copy the file again.")
    return dict(found)
