"""Tagger: it learns names, whole words, alone as in a batch, long sentences uncut, files that others open."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tasks.scribe import folder

from heedful.data.conll import read_tagged
from heedful.errors import CheckpointError, ConfigError, DataError, NotFittedError
from heedful.tasks.entities import score
from heedful.tasks.fit_tag import fit_tag
from heedful.tasks.tag import Tagger
from heedful.tasks.wordpieces import Cutter, begins, firsts
from heedful.text.tokenizer import UNCUT, Tokenizer

PEOPLE = ["Anna Lee", "Tom Brown", "Maria", "Peter Smith", "Julia", "John Miller", "Susan Clark", "David"]
PLACES = ["Paris", "New York", "London", "Cape Town", "Berlin", "Rome", "Madrid", "San Diego"]
FORMS = [
    "{p} lives in {l} .",
    "We met {p} in {l} today",
    "{l} is where {p} works",
    "the weather is fine today .",
]
SMALL = {"epochs": 1, "rows": 8, "window": 24, "overlap": 4}
FAMILIES = ("bert-pooler", "roberta", "distilbert", "modernbert", "gpt2", "llama")

Table = tuple[list[list[str]], list[list[str]]]


def made(people: list[str], places: list[str]) -> Table:
    """Return sentences with all pairs of these names."""
    sentences, tags = [], []
    for i, (person, place) in enumerate((a, b) for a in people for b in places):
        words: list[str] = []
        own: list[str] = []
        for part in FORMS[i % len(FORMS)].split():
            label = {"{p}": "person", "{l}": "place"}.get(part)
            found = part.format(p=person, l=place).split()
            words += found
            own += [f"B-{label}", *[f"I-{label}"] * (len(found) - 1)] if label else ["O"]
        sentences.append(words)
        tags.append(own)
    return sentences, tags


@pytest.fixture(scope="module")
def fitted(minilm: Path) -> Tagger:
    model = Tagger(str(minilm), epochs=6, rate=7e-4, rows=8)
    return model.fit(*made(PEOPLE[:6], PLACES[:6]), dev=made(PEOPLE[6:], PLACES[6:]))


def test_a_few_epochs_learn_names_never_seen(fitted: Tagger) -> None:
    sentences, tags = made(PEOPLE[6:], PLACES[6:])
    found = fitted.predict(sentences)
    assert score(tags, found).micro.f1 > 0.8
    assert fitted.classes_ == ["O", "B-person", "I-person", "B-place", "I-place"]
    assert fitted.stopped_ is None
    assert fitted.progress_.best is not None


def test_each_word_has_one_tag_and_rows_are_whole(fitted: Tagger) -> None:
    sentences = [
        ["antidisestablishmentarianism", "Lee", "\ufeff", "New", "York"],
        [],
        ["\u200b"],
        ["a b", "☂"],
    ]
    found = fitted.predict(sentences)
    assert [len(row) for row in found] == [5, 0, 1, 2]
    assert found[2] == ["O"]
    assert fitted.predict([]) == []
    for row in found:
        assert all(tag[0] != "I" or before[2:] == tag[2:] for before, tag in pairwise(["O", *row]))


def test_a_sentence_has_the_same_tags_alone_and_in_a_batch(fitted: Tagger) -> None:
    sentences = [*made(PEOPLE, PLACES)[0][:7], ["Maria"] * 40, ["we", "met", "David"]]
    together, alone = fitted.scores(sentences), [fitted.scores([words])[0] for words in sentences]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert fitted.predict(sentences) == [fitted.predict([words])[0] for words in sentences]


def test_probabilities_sum_to_one(fitted: Tagger) -> None:
    for own in fitted.scores(made(PEOPLE[:2], PLACES[:2])[0]):
        np.testing.assert_allclose(np.exp(own).sum(axis=1), 1, atol=1e-9)


def test_names_in_raw_texts_are_whole_words_at_their_places(fitted: Tagger) -> None:
    texts = ["Anna Lee lives in New York.", "  We met\nTom Brown, in Paris!  ", "", "the weather is fine"]
    found = fitted.tag(texts)
    assert [[(one.text, one.label) for one in names] for names in found[:2]] == [
        [("Anna Lee", "person"), ("New York", "place")],
        [("Tom Brown", "person"), ("Paris", "place")],
    ]
    assert found[2] == []
    for text, names in zip(texts, found, strict=True):
        for one in names:
            assert text[one.start : one.end] == one.text
            assert 0.2 < one.probability <= 1
    assert fitted.tag([]) == []


def test_save_then_load_gives_the_same(fitted: Tagger, tmp_path: Path) -> None:
    sentences = made(PEOPLE[:3], PLACES[:3])[0]
    fitted.save(tmp_path / "model", about={"f1": 0.5})
    again = Tagger.load(tmp_path / "model")
    assert again.get_params() == fitted.get_params()
    assert again.classes_ == fitted.classes_
    for one, other in zip(again.scores(sentences), fitted.scores(sentences), strict=True):
        np.testing.assert_array_equal(one, other)
    card = json.loads((tmp_path / "model" / "heedful.json").read_text())
    assert (card["method"], card["task"], card["about"]) == ("tag", "tag", {"f1": 0.5})


@pytest.mark.parametrize("name", FAMILIES)
def test_the_folder_opens_in_transformers_with_equal_scores(name: str, tmp_path: Path) -> None:
    library = pytest.importorskip("transformers")
    sentences, tags = made(PEOPLE[:2], PLACES[:2])
    model = Tagger(str(folder(name)), **{**SMALL, "window": 64}).fit(sentences, tags)
    model.save(tmp_path / "model")
    theirs = library.AutoModelForTokenClassification.from_pretrained(tmp_path / "model").eval()
    assert type(theirs).__name__.endswith("ForTokenClassification")
    assert theirs.config.id2label == dict(enumerate(model.classes_))
    assert theirs.config.label2id == {tag: place for place, tag in enumerate(model.classes_)}
    for words, own in zip(sentences, model.scores(sentences), strict=True):
        (window,) = model.cutter_.windows([words])
        with torch.inference_mode():
            logits = theirs(torch.tensor(window.ids)[None]).logits[0, window.places].double()
        np.testing.assert_allclose(logits.log_softmax(-1), own[window.words], atol=1e-4)
    again = Tagger.load(tmp_path / "model")
    assert again.predict(sentences) == model.predict(sentences)


def test_the_real_folder_opens_in_transformers(fitted: Tagger, tmp_path: Path) -> None:
    library = pytest.importorskip("transformers")
    fitted.save(tmp_path / "model")
    pipe = library.pipeline("token-classification", model=str(tmp_path / "model"), device="cpu")
    words = ["Maria", "lives", "in", "Madrid", "."]
    found = {one["word"]: one["entity"] for one in pipe(" ".join(words))}
    ours = {
        word.lower(): tag for word, tag in zip(words, fitted.predict([words])[0], strict=True) if tag != "O"
    }
    assert found == ours


def test_a_long_sentence_is_read_to_its_end(minilm: Path) -> None:
    sentences, tags = made(PEOPLE[:6], PLACES[:6])
    long = [word for words in sentences for word in words]
    wanted = [tag for row in tags for tag in row]
    model = Tagger(str(minilm), epochs=5, rate=5e-4, rows=8, window=32, overlap=16).fit([long], [wanted])
    (found,) = model.predict([long])
    assert len(found) == len(long)
    half = len(long) // 2
    for part in (slice(0, half), slice(half, None)):
        assert score([wanted[part]], [found[part]]).micro.f1 > 0.7


@pytest.mark.parametrize(("room", "overlap"), [(10, 0), (10, 4), (7, 6), (1, 0)])
@pytest.mark.parametrize("count", [0, 1, 6, 7, 10, 11, 37])
def test_windows_cover_all_tokens_and_overlap(count: int, room: int, overlap: int) -> None:
    starts = begins(count, room, overlap)
    assert starts[0] == 0
    assert starts[-1] + room >= count
    assert all(left + room - right >= overlap for left, right in pairwise(starts))
    assert starts[-1] == 0 or starts[-1] + room == count


@pytest.mark.parametrize("name", ["bert-pooler", "minilm"])
def test_each_word_is_asked_once_and_far_from_the_edges(name: str, minilm: Path) -> None:
    home = minilm if name == "minilm" else folder(name)
    tokenizer = Tokenizer.load(home, UNCUT)
    words = [f"wo{'r' * (i % 5)}d{i}" for i in range(60)]
    cutter = Cutter(tokenizer, 24, 8)
    windows = list(cutter.windows([["one"], words, []]))
    mine = [window for window in windows if window.row == 1]
    assert len(mine) > 5
    assert [word for window in mine for word in window.words] == list(range(60))
    whole = tokenizer.engine.encode(" ".join(words))
    for number, window in enumerate(mine):
        assert len(window.ids) <= 24
        assert (window.ids[: len(cutter.front)] == cutter.front).all()
        if 0 < number < len(mine) - 1:
            assert window.places.min() >= len(cutter.front) + 3
            assert window.places.max() < 24 - len(cutter.back) - 3
        for place, word in zip(window.places, window.words, strict=True):
            token = int(window.ids[place])
            assert token == next(
                id for id, (a, b) in zip(whole.ids, whole.offsets, strict=True)
                if a < b and len(" ".join([*words[:word], ""])) < b
            )  # fmt: skip


def test_the_space_before_a_word_may_belong_to_its_token() -> None:
    places, words = firsts(["ab", "c", "def"], [(0, 0), (0, 2), (2, 4), (4, 5), (5, 7), (7, 8), (0, 0)])
    assert (places.tolist(), words.tolist()) == ([1, 2, 4], [0, 1, 2])
    places, words = firsts(["ab", "\ufeff", "c"], [(0, 2), (5, 6)])
    assert (places.tolist(), words.tolist()) == ([0, 1], [0, 2])
    assert firsts([], [])[0].tolist() == []


@pytest.mark.slow
def test_low_rank_updates_learn_and_are_folded_in(minilm: Path, tmp_path: Path) -> None:
    sentences, tags = made(PEOPLE[:3], PLACES[:4])
    plain = Tagger.load(
        saved(Tagger(str(minilm), epochs=1, rate=1e-9, lora=2), sentences, tags, tmp_path / "a")
    )
    model = Tagger.load(
        saved(Tagger(str(minilm), epochs=4, rate=5e-3, rows=6, lora=4), sentences, tags, tmp_path / "b")
    )
    before, after = plain.transformer_.state_dict(), model.transformer_.state_dict()
    assert before.keys() == after.keys()
    key = "encoder.blocks.0.attention.query.weight"
    assert torch.linalg.matrix_rank(after[key] - before[key], atol=1e-4) == 4
    assert torch.equal(before["encoder.input.token.weight"], after["encoder.input.token.weight"])
    assert score(tags, model.predict(sentences)).micro.f1 > 0.6


def saved(model: Tagger, sentences: list[list[str]], tags: list[list[str]], path: Path) -> Path:
    """Fit and save."""
    model.fit(sentences, tags).save(path)
    return path


def test_a_seed_repeats_and_another_differs() -> None:
    sentences, tags = made(PEOPLE[:3], PLACES[:4])

    def found(seed: int) -> np.ndarray:
        return (
            Tagger(str(folder("bert-pooler")), seed=seed, **SMALL).fit(sentences, tags).scores(sentences)[0]
        )

    np.testing.assert_array_equal(found(0), found(0))
    assert np.abs(found(0) - found(1)).max() > 1e-3


def test_other_schemes_are_learned_as_bio_and_told() -> None:
    sentences, tags = made(PEOPLE[:2], PLACES[:2])
    others = [[tag.replace("B-", "I-") for tag in row] for row in tags]
    settings: dict[str, Any] = {"model": str(folder("bert-pooler")), **SMALL}
    one, other = Tagger(**settings).fit(sentences, tags), Tagger(**settings).fit(sentences, others)
    assert one.notes_ == []
    assert "IOB1" in other.notes_[0]
    assert other.classes_ == one.classes_
    np.testing.assert_array_equal(one.scores(sentences)[0], other.scores(sentences)[0])


@pytest.mark.parametrize(
    ("sentences", "tags", "said"),
    [
        ("a text", ["O"], "found one string"),
        (["a text"], [["O", "O"]], "sentence 1: found a string"),
        ([["a", 3]], [["O", "O"]], "a word that is no string"),
        ([["a"]], [], "1 sentences and tags of 0"),
        ([["a"], ["b"]], [["O"], ["O", "O"]], "sentence 2 has 1 words and 2 tags"),
        ([["a"]], [["NOUN"]], "found the tag 'NOUN'"),
        ([["a"]], [["O"]], "no word has a tag but O"),
        ([["\u200b"]], [["B-a"]], "nothing to train on"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(sentences: Any, tags: Any, said: str, minilm: Path) -> None:
    with pytest.raises(DataError, match=said):
        Tagger(str(minilm)).fit(sentences, tags)


@pytest.mark.parametrize(
    "settings", [{"epochs": 0}, {"rows": 0}, {"lora": -1}, {"overlap": -1}, {"window": 0}, {"rate": -1.0}]
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Tagger(**{"model": str(folder("bert-pooler")), **SMALL, **settings}).fit(
            *made(PEOPLE[:2], PLACES[:2])
        )


def test_a_family_without_such_a_head_is_refused() -> None:
    with pytest.raises(CheckpointError, match="no class that ends in ForTokenClassification"):
        Tagger(str(folder("bart"))).fit(*made(PEOPLE[:2], PLACES[:2]))


def test_asked_too_early_or_wrongly(fitted: Tagger) -> None:
    with pytest.raises(NotFittedError):
        Tagger().predict([["a"]])
    with pytest.raises(NotFittedError):
        Tagger().save("nowhere")
    with pytest.raises(DataError, match="Wrap it in a list"):
        fitted.tag("a text")
    with pytest.raises(DataError, match="or use tag"):
        fitted.predict(["a text"])


def test_a_damaged_folder_is_refused(fitted: Tagger, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    (tmp_path / "model" / "manifest.json").unlink()
    path = tmp_path / "model" / "heedful.json"
    card = json.loads(path.read_text())
    for change in (
        {"classes": ["O", "B-a"]},
        {"classes": [1, 2]},
        {"method": "finetune"},
        {"params": {"x": 1}},
    ):
        path.write_text(json.dumps({**card, **change}))
        with pytest.raises(CheckpointError):
            Tagger.load(tmp_path / "model")


def write(path: Path, table: Table) -> str:
    """Write sentences as CoNLL columns."""
    blocks = (
        "\n".join(f"{word}\t{tag}" for word, tag in zip(*pair, strict=True))
        for pair in zip(*table, strict=True)
    )
    path.write_text("\n\n".join(blocks) + "\n")
    return str(path)


def test_from_tables_to_a_folder(tmp_path: Path) -> None:
    train, dev = made(PEOPLE, PLACES[:5]), made(PEOPLE[5:], PLACES[5:])
    dev[0].append(train[0][0])  # leaks
    dev[1].append(train[1][0])
    names = write(tmp_path / "train.conll", train), write(tmp_path / "dev.conll", dev)
    with (tmp_path / "train.conll").open("a") as file:
        file.write("\nbroken\n")
    model = str(folder("bert-pooler"))
    figures = fit_tag(*names, model, tmp_path / "out", epochs=2, rate=1e-3, rows=8, seed=1)
    assert json.loads(json.dumps(figures)) == figures
    assert figures["rows"] == 40
    assert figures["dropped"] == {"a line without a tag": 1}
    assert figures["dev_dropped"]["in train, nearly or exactly"] >= 1
    assert figures["dev_rows"] + figures["dev_dropped"]["in train, nearly or exactly"] == 10
    assert figures["baselines"]["gazetteer"]["f1"] > 0.3
    assert figures["windows"]["truncated"] == 0
    tagger = Tagger.load(tmp_path / "out" / "model")
    held = read_tagged(names[1])
    assert len(tagger.predict(held.words)) == 10
    assert json.loads((tmp_path / "out" / "model" / "heedful.json").read_text())["about"] == figures
    again = fit_tag(*names, model, tmp_path / "out", epochs=2, rate=1e-3, rows=8, seed=1)
    assert again["scores"] == figures["scores"]
    with pytest.raises(CheckpointError, match="another run"):
        fit_tag(*names, model, tmp_path / "out", epochs=3, rate=1e-3, rows=8, seed=1)


def test_without_a_dev_table_a_tenth_is_held_out(tmp_path: Path) -> None:
    name = write(tmp_path / "train.conll", made(PEOPLE, PLACES))
    figures = fit_tag(name, None, str(folder("bert-pooler")), tmp_path / "out", epochs=1, rows=16)
    assert figures["rows"] + figures["dev_rows"] == 64
    assert 1 <= figures["dev_rows"] <= 12


def test_an_unknown_tag_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "train.conll"
    path.write_text("EU B-ORG\n\nwins VERB\n")
    with pytest.raises(DataError, match=r"sentence at 3: found the tag 'VERB'"):
        fit_tag(str(path), None, str(folder("bert-pooler")), tmp_path / "out")


def test_too_little_to_hold_out_is_said(tmp_path: Path) -> None:
    name = write(tmp_path / "train.conll", made(PEOPLE[:1], PLACES[:1]))
    with pytest.raises(DataError, match="name a --dev table"):
        fit_tag(name, None, str(folder("bert-pooler")), tmp_path / "out")


def test_real_tweets_get_a_tag_for_each_word(fitted: Tagger, shared_data: Callable[[str], Path]) -> None:
    words = read_tagged(shared_data("ner/wnut17.test.conll")).words[-150:]
    found = fitted.predict(words)
    assert [len(row) for row in found] == [len(row) for row in words]
    assert any(tag == "B-person" for row in found for tag in row)
