"""A tokenizer from texts: `bpe`, `wordpiece`, `unigram`, `byte` or `char`, the same from the same texts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as Engine

from heedful.errors import ConfigError, DataError
from heedful.text.marks import Marks, companions
from heedful.text.tokenizer import Tokenizer, legal
from heedful.text.unigram import BLANK, Words, learn_pieces

ALPHABET = 1000  # characters that WordPiece knows, as in BERT's trainer; words with others are unknown
SPARE = 4096  # tokens trained beyond those asked for, which take the place of those with unknown characters
UNBROKEN = re.compile(r"\S{500}")  # learning takes time by the square of a word's length: blanks are put in
START = "\ue000"  # before each word while WordPiece learns: a sign that its normalizer takes out of texts

Make = Callable[["Seen", int, list[str], str], Engine]


class Seen:
    """Texts as they pass, counted by character."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = texts
        self.characters: Counter[str] = Counter()

    def __iter__(self) -> Iterator[str]:
        for text in self.texts:
            clean = legal(text)
            self.characters.update(clean)
            yield UNBROKEN.sub(r"\g<0> ", clean)

    def check(self) -> None:
        """Raise DataError if nothing but white space has passed."""
        if not any(not character.isspace() for character in self.characters):
            raise DataError("there is no text to learn a tokenizer from; expected some. Name another corpus.")


def train_tokenizer(kind: str, texts: Iterable[str], vocab: int, marks: Marks, max_tokens: int) -> Tokenizer:
    """Return a tokenizer of at most `vocab` tokens, those of `marks` first; texts are streamed once.

    `byte` has the 256 bytes and `char` every character seen, whatever `vocab` leaves room for beyond.
    """
    if kind not in KINDS:
        raise ConfigError(f"there is no tokenizer {kind!r:.50}; known are {', '.join(KINDS)}.")
    make, unknown = KINDS[kind]
    tokens = marks.tokens(unknown)
    seen = Seen(texts)
    engine = make(seen, vocab, tokens, marks.roles.get("unk", marks.unknown))
    engine.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in tokens])
    if marks.one:
        ids = [(token, engine.token_to_id(token)) for token in tokens]
        engine.post_processor = processors.TemplateProcessing(
            single=marks.one, pair=marks.two, special_tokens=ids
        )
    return Tokenizer(engine.to_str(), max_tokens, companions(marks, unknown, max_tokens))


def check_room(vocab: int, least: int, alphabet: int) -> None:
    """Raise ConfigError unless all single characters (or bytes) and special tokens fit the vocabulary."""
    if vocab < least:
        raise ConfigError(
            f"a vocabulary of {vocab} tokens is too small for {alphabet} signs and the special tokens;"
            f" expected at least {least}."
        )


def bpe(seen: Seen, vocab: int, tokens: list[str], unknown: str) -> Engine:  # noqa: ARG001
    """Pairs of bytes merged by frequency (Sennrich et al. 2016; bytes as in GPT-2): writes every text."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    check_room(vocab, len(tokens) + len(letters), len(letters))
    engine = byte_level(models.BPE(), regex=True)
    learn_merges(engine, seen, vocab, tokens, letters)
    return engine


def byte(seen: Seen, vocab: int, tokens: list[str], unknown: str) -> Engine:  # noqa: ARG001
    """The 256 bytes, no merges: writes every text, and learns nothing from these but that there are some."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    check_room(vocab, len(tokens) + len(letters), len(letters))
    for text in seen:
        if text.strip():
            break
    seen.check()
    return byte_level(models.BPE(numbered([*tokens, *letters]), []), regex=False)


def char(seen: Seen, vocab: int, tokens: list[str], unknown: str) -> Engine:
    """Every character seen, blanks and line ends too."""
    for _ in seen:
        pass
    seen.check()
    check_room(vocab, len(tokens) + len(seen.characters), len(seen.characters))
    listed = numbered([*tokens, *sorted(seen.characters)])
    engine = Engine(models.BPE(listed, [], unk_token=unknown, fuse_unk=False))
    engine.decoder = decoders.Fuse()
    return engine


def wordpiece(seen: Seen, vocab: int, tokens: list[str], unknown: str) -> Engine:
    """BERT's uncased pieces: merges within words, those that continue a word written `##piece`.

    The library's own WordPiece trainer gives another vocabulary at each run, its BPE trainer does not: so the
    merges are learned with a sign before each word, which then becomes the absence of `##`.
    """
    normalizer, cut = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    learner = Engine(models.BPE())
    learner.normalizer = normalizer
    sign = pre_tokenizers.Metaspace(replacement=START, prepend_scheme="always")
    learner.pre_tokenizer = pre_tokenizers.Sequence([cut, sign])
    learn_merges(learner, seen, vocab + SPARE, [], [])
    counts: Counter[str] = Counter()
    for character, count in seen.characters.items():
        counts.update({one: count for one in normalizer.normalize_str(character) if not one.isspace()})
    letters = sorted(sorted(counts, key=lambda one: (-counts[one], one))[:ALPHABET])
    check_room(vocab, len(tokens) + 2 * len(letters), len(letters))
    learned = learner.get_vocab()
    known = {START, *letters}
    pieces = [piece for piece in sorted(learned, key=learned.__getitem__) if known.issuperset(piece)]
    written = [
        piece.removeprefix(START) if piece.startswith(START) else f"##{piece}"
        for piece in [*(START + one for one in letters), *letters, *pieces]
        if piece != START
    ]
    engine = Engine(models.WordPiece(numbered([*tokens, *written], vocab), unk_token=unknown))
    engine.normalizer, engine.pre_tokenizer, engine.decoder = normalizer, cut, decoders.WordPiece()
    return engine


def unigram(seen: Seen, vocab: int, tokens: list[str], unknown: str) -> Engine:
    """The most probable pieces (Kudo 2018), a blank written as the sign before the word that it precedes."""
    words = Words(seen)
    seen.check()
    check_room(vocab, len(tokens) + len(words.alphabet), len(words.alphabet))
    pieces = learn_pieces(words, vocab - len(tokens))
    never = [(token, -1000.0) for token in tokens]  # a text is not cut into special tokens by its letters
    engine = Engine(models.Unigram([*never, *pieces], tokens.index(unknown)))
    engine.pre_tokenizer = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="always")
    engine.decoder = decoders.Metaspace(replacement=BLANK, prepend_scheme="always")
    return engine


def byte_level(model: models.BPE, regex: bool) -> Engine:
    """Return a byte-level tokenizer; with `regex`, texts are first cut into words as GPT-2 does."""
    engine = Engine(model)
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)
    engine.decoder = decoders.ByteLevel()
    return engine


def learn_merges(engine: Engine, seen: Seen, vocab: int, tokens: list[str], letters: list[str]) -> None:
    """Train a BPE model on texts; a pair has to occur twice."""
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        min_frequency=2,
        show_progress=False,
        special_tokens=tokens,
        initial_alphabet=letters,
    )
    engine.train_from_iterator(iter(seen), trainer)
    seen.check()


def numbered(tokens: Iterable[str], most: int | None = None) -> dict[str, int]:
    """Return the ids of tokens, each once, of the first `most`."""
    return {token: number for number, token in enumerate(list(dict.fromkeys(tokens))[:most])}


KINDS: dict[str, tuple[Make, bool]] = {  # what makes it, and whether some texts are unknown to it
    "bpe": (bpe, False),
    "wordpiece": (wordpiece, True),
    "unigram": (unigram, True),
    "byte": (byte, False),
    "char": (char, True),
}
