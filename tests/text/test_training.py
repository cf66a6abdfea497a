"""Tokenizers from texts: every kind with every set of special tokens, exact, the same again."""

import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.errors import ConfigError, DataError, HeedfulError, TokenizerError
from heedful.text.marks import MARKS, habits, id_of
from heedful.text.signs import begins_word, ends_sentence, ordinary
from heedful.text.tokenizer import Tokenizer
from heedful.text.training import KINDS, train_tokenizer

LINES = [
    "The cat sat on the mat.\n",
    "A cat and a dog; the dog sat, the cat ran!\n\n",
    '  Two  blanks, a\ttab, naïve café 東京 and "quotes".\n',
    "The lowest and the newest: lower, newer, slower, fewer?\n",
] * 8
TEXT = "".join(LINES)
EXACT = ("bpe", "byte", "char")
LEAST = {"bpe": 256, "byte": 256, "char": len(set(TEXT))}
pairs = pytest.mark.parametrize(("kind", "objective"), [(kind, name) for kind in KINDS for name in MARKS])


def trained(kind: str, objective: str = "clm", vocab: int = 600, texts: list[str] = LINES) -> Tokenizer:
    return train_tokenizer(kind, iter(texts), vocab, MARKS[objective], 64)


def ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    return [int(id) for id in tokenizer.engine.encode(text, add_special_tokens=False).ids]


@pairs
def test_every_kind_works_with_every_set_of_special_tokens(kind: str, objective: str) -> None:
    tokenizer, marks = trained(kind, objective), MARKS[objective]
    engine = tokenizer.engine
    specials = marks.tokens(kind in ("wordpiece", "unigram", "char"))
    assert [engine.token_to_id(token) for token in specials] == list(range(len(specials)))
    assert [engine.id_to_token(id) for id in range(tokenizer.vocab)].count(None) == 0
    assert len(specials) < tokenizer.vocab <= 600
    inner = ids_of(tokenizer, "the cat")
    assert min(inner) >= len(specials)
    around = {
        "clm": ([], []), "mlm": (["[CLS]"], ["[SEP]"]),
        "denoise": ([], ["</s>"]), "translate": ([], ["</s>"]), "infill": (["<s>"], ["</s>"]),
    }[objective]  # fmt: skip
    before, after = ([engine.token_to_id(token) for token in side] for side in around)
    assert tokenizer.encode(["the cat"]).ids == [[*before, *inner, *after]]
    assert ordinary(tokenizer) == [id >= len(specials) for id in range(tokenizer.vocab)]


@pairs
def test_what_is_saved_opens_in_transformers_with_the_same_ids(
    kind: str, objective: str, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer, marks = trained(kind, objective), MARKS[objective]
    tokenizer.save(tmp_path)
    models = {"clm": "gpt2", "mlm": "bert", "denoise": "t5", "translate": "marian", "infill": "bart"}
    model = models[objective]
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model, **habits(tokenizer, marks)}))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in ("The cat sat\non  the newest mat.", "東京 and Ω", ""):
        assert theirs(text)["input_ids"] == tokenizer.encode([text]).ids[0]
        ids = ids_of(tokenizer, text)
        assert theirs.decode(ids, skip_special_tokens=True) == tokenizer.engine.decode(ids)
    pair = tokenizer.engine.encode("the cat", "a dog")
    found = theirs("the cat", "a dog")
    assert found["input_ids"] == pair.ids
    assert ("token_type_ids" in found) == (objective == "mlm")
    assert len(theirs) == tokenizer.vocab
    assert theirs.model_max_length == 64
    for role, token in marks.roles.items():
        assert getattr(theirs, f"{role}_token") == token
    assert {*marks.roles.values(), *marks.more} <= set(theirs.all_special_tokens)


def test_a_pair_has_two_segments_where_the_objective_tells_them_apart() -> None:
    engine = trained("wordpiece", "mlm").engine
    found = engine.encode("the cat", "a dog")
    assert found.tokens == ["[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]"]
    assert found.type_ids == [0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("kind", EXACT)
def test_texts_come_back_to_the_letter(kind: str) -> None:
    tokenizer = trained(kind)
    tokenizer.engine.no_truncation()
    assert tokenizer.engine.decode(ids_of(tokenizer, TEXT)) == TEXT


EXACT_TOKENIZERS = {kind: trained(kind) for kind in EXACT}
for one in EXACT_TOKENIZERS.values():
    one.engine.no_truncation()


@given(text=st.text(st.sampled_from(sorted(set(TEXT)) + list("<|>"))))
@settings(deadline=None)
def test_any_text_of_seen_characters_comes_back(text: str) -> None:
    for kind, tokenizer in EXACT_TOKENIZERS.items():
        if kind != "char" or not set(text) & set("<|>"):
            assert tokenizer.engine.decode(ids_of(tokenizer, text)) == text


@given(text=st.text())
@settings(deadline=None)
def test_byte_level_kinds_write_any_text(text: str) -> None:
    for kind in ("bpe", "byte"):
        tokenizer = EXACT_TOKENIZERS[kind]
        assert tokenizer.engine.decode(ids_of(tokenizer, text)) == text


def test_bytes_are_bytes_and_characters_are_characters() -> None:
    assert len(ids_of(trained("byte"), "naïve\n")) == 7
    assert trained("byte").vocab == 257
    char = trained("char")
    assert char.vocab == 2 + len(set(TEXT))
    unknown = char.engine.token_to_id("<unk>")
    assert ids_of(char, "cΩΩt") == [*ids_of(char, "c"), unknown, unknown, *ids_of(char, "t")]


def test_wordpiece_is_uncased_and_marks_what_goes_on() -> None:
    tokenizer = trained("wordpiece", vocab=120)
    pieces = tokenizer.engine.encode("The CAT, Café lowest").tokens
    assert pieces[:3] == ["the", "cat", ","]
    rest = pieces[3:]
    assert "".join(piece.removeprefix("##") for piece in rest) == "cafelowest"
    assert [piece[:2] == "##" for piece in rest].count(False) == 2
    assert "<unk>" in tokenizer.engine.encode("xΩ").tokens
    assert tokenizer.engine.decode(ids_of(tokenizer, "the newest dog")) == "the newest dog"


def test_wordpiece_learns_the_most_frequent_merges_first() -> None:
    texts = ["abab abab abab cd"] * 3
    vocabularies = [
        set(trained("wordpiece", vocab=size, texts=texts).engine.get_vocab()) for size in (10, 13)
    ]
    letters = {sign + letter for letter in "abcd" for sign in ("", "##")}
    assert vocabularies[0] == {"<|endoftext|>", "<unk>", *letters}
    assert vocabularies[1] - vocabularies[0] == {"ab", "##ab", "abab"}


def test_unigram_keeps_blanks_with_the_words_that_they_precede() -> None:
    tokenizer = trained("unigram")
    assert tokenizer.engine.decode(ids_of(tokenizer, "the cat  sat\non")) == "the cat  sat\non"
    assert tokenizer.engine.encode("the cat").tokens == ["▁the", "▁cat"]
    scores = [score for _, score in json.loads(tokenizer.text)["model"]["vocab"]][2:]
    assert scores == sorted(scores, reverse=True)
    assert max(scores) < 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_give_the_same_file_in_another_process(
    kind: str, shared_data: Callable[[str], Path]
) -> None:
    path = shared_data("shakespeare/input.txt")
    code = (
        "import sys, hashlib; from heedful.text.training import train_tokenizer; "
        "from heedful.text.marks import MARKS; text = open(sys.argv[2]).read()[:200000]; "
        "made = train_tokenizer(sys.argv[1], text.splitlines(True), 1000, MARKS['mlm'], 64); "
        "print(made.fingerprint, made.vocab)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, kind, str(path)], capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    if kind not in ("byte", "char"):
        assert runs[0].stdout.split()[1] == "1000"


@pytest.mark.parametrize("objective", MARKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_too_small_is_told_the_least_that_works(kind: str, objective: str) -> None:
    with pytest.raises(ConfigError, match="expected at least") as problem:
        trained(kind, objective, vocab=3)
    least = int(str(problem.value).split("expected at least ")[1].rstrip("."))
    assert trained(kind, objective, vocab=least).vocab == least
    with pytest.raises(ConfigError):
        trained(kind, objective, vocab=least - 1)
    if kind in LEAST:
        unknown = kind == "char"
        assert least == LEAST[kind] + len(MARKS[objective].tokens(unknown))


@pytest.mark.parametrize("texts", [[], [""], [" \n", "\t"]])
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_corpus_is_refused(kind: str, texts: list[str]) -> None:
    with pytest.raises(DataError, match="no text"):
        trained(kind, texts=texts)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_corpora_are_taken(kind: str) -> None:
    for texts in (
        ["a"],
        ["\ud800 broken"],
        ["x" * 10_000],
        ["\x00\x01 ok"],
        ["▁ ▁▁ a"],
        ["中文没有空格" * 50],
    ):
        assert ids_of(trained(kind, texts=texts), "a")


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_a_blank_is_learned_from_in_time(kind: str) -> None:
    letters = random.Random(0)
    begin = time.monotonic()
    tokenizer = trained(kind, texts=["".join(letters.choices("ACGT", k=200_000))])
    assert time.monotonic() - begin < 20
    assert ids_of(tokenizer, "ACGT" * 1000)


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_wrong_in_the_corpus_is_told_as_it_is(kind: str) -> None:
    def broken() -> Iterator[str]:
        yield " "
        raise DataError("the file is damaged")

    with pytest.raises(DataError, match="the file is damaged"):
        train_tokenizer(kind, broken(), 600, MARKS["clm"], 64)


def test_unknown_kinds_and_lengths_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'sentencepiece'.*bpe, wordpiece"):
        trained("sentencepiece")
    with pytest.raises(HeedfulError):
        train_tokenizer("char", LINES, 600, MARKS["mlm"], 2)


def test_habits_are_those_of_each_objective() -> None:
    found = {name: habits(trained("bpe", name), marks) for name, marks in MARKS.items()}
    assert found == {
        "clm": {"bos_token_id": 0, "eos_token_id": 0},
        "mlm": {"pad_token_id": 0},
        "denoise": {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0},
        "translate": {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0},
        "infill": {
            "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2,
            "forced_eos_token_id": 2,
        },
    }  # fmt: skip
    with pytest.raises(TokenizerError, match=r"has no \[MASK\]"):
        id_of(trained("bpe"), "[MASK]")


@pytest.mark.parametrize(
    ("kind", "starts"),
    [("wordpiece", [True, True]), ("bpe", [False, True]), ("unigram", [True, True])],
)
def test_the_first_tokens_of_words_are_told_from_the_others(kind: str, starts: list[bool]) -> None:
    tokenizer = trained(kind, "mlm", vocab=380)
    flags = begins_word(tokenizer)
    assert len(flags) == tokenizer.vocab
    assert all(flags[:5])
    ids = ids_of(tokenizer, "slowest fewest")
    begun = [flags[id] for id in ids]
    assert begun.count(True) == starts.count(True)
    assert begun[0] == starts[0]
    if kind == "unigram":
        return
    single = ids_of(tokenizer, "slowest")
    assert not any(flags[id] for id in single[1:])


def test_single_signs_have_words_where_a_blank_is_carried() -> None:
    byte, char = trained("byte", "mlm"), trained("char", "mlm")
    flags = begins_word(byte)
    assert [flags[id] for id in ids_of(byte, "a bc\nd")] == [False, True, False, False, True, False]
    assert all(begins_word(char))


def test_words_of_a_real_tokenizer(minilm: Path) -> None:
    tokenizer = Tokenizer.load(minilm, 64)
    flags = begins_word(tokenizer)
    found = tokenizer.engine.encode("unaffable embeddings")
    assert [flags[id] for id in found.ids] == [not token.startswith("##") for token in found.tokens]
    assert not any(ordinary(tokenizer)[id] for id in (found.ids[0], found.ids[-1]))
    assert ordinary(tokenizer).count(True) > 29_000


@pytest.mark.parametrize("kind", KINDS)
def test_ends_of_sentences_are_seen(kind: str) -> None:
    tokenizer = trained(kind, "infill")
    flags = ends_sentence(tokenizer)
    found = [flags[id] for id in ids_of(tokenizer, "the dog ran! the cat sat.")]
    assert found[-1]
    assert found.count(True) == 2
    assert not any(flags[: len(MARKS["infill"].roles)])


def test_fingerprints_differ_between_texts() -> None:
    shuffled = TEXT.split(" ")
    random.Random(0).shuffle(shuffled)
    one, other = trained("bpe"), trained("bpe", texts=["entirely other words " * 5])
    assert one.fingerprint == hashlib.sha256(one.text.encode()).hexdigest() != other.fingerprint
