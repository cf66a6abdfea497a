"""Gazetteer: what it sees of a word, lists that do not count themselves, the manners of a tagger."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from heedful.baselines.gazetteer import Gazetteer, Names, shape
from heedful.data.conll import TaggedTable, read_tagged
from heedful.errors import CheckpointError, DataError, NotFittedError
from heedful.tasks.entities import score

TRAIN = [
    ("Anna Lee lives in Paris .", "B-per I-per O O B-loc O"),
    ("I saw Tom in New York", "O O B-per O B-loc I-loc"),
    ("Paris is far from here", "B-loc O O O O"),
    ("we all like Maria Stone", "O O O B-per I-per"),
    ("nothing happens in the town", "O O O O O"),
] * 4


@pytest.fixture(scope="module")
def tweets(shared_data: Callable[[str], Path]) -> tuple[TaggedTable, TaggedTable]:
    train, dev = (read_tagged(shared_data(f"ner/wnut17.{part}.conll")) for part in ("train", "dev"))
    return train.taken(range(700)), dev.taken(range(200))


@pytest.fixture(scope="module")
def fitted() -> Gazetteer:
    return Gazetteer().fit([text.split() for text, _ in TRAIN], [tags.split() for _, tags in TRAIN])


def test_shapes() -> None:
    words = ("iPhone7", "NASA", "Obama", "12:30", "a", "", "ﬁ-Fi", "日本語")
    assert [shape(word) for word in words] == ["xXxx9", "XX", "Xxx", "99:99", "x", "", "x-Xx", "xx"]


def test_a_name_does_not_list_itself() -> None:
    names, once, again = Names(), {(("new", "york"), "loc")}, {(("york",), "loc")}
    names.add(once)
    words = ["in", "new", "york", "city"]
    assert names.marks(words, once, ["loc"]) == [[], [], [], []]
    assert names.marks(words, set(), ["loc"]) == [
        [], ["word:loc", "begins:loc"], ["word:loc", "inside:loc"], [],
    ]  # fmt: skip
    names.add(again)
    assert names.marks(words, once, ["loc"]) == [[], [], ["word:loc", "begins:loc"], []]
    assert names.marks(words, set(), ["per"]) == [[], [], [], []]


def test_it_learns_lists_and_looks(fitted: Gazetteer) -> None:
    known = fitted.predict([["Tom", "lives", "in", "New", "York", "."]])
    assert known == [["B-per", "O", "O", "B-loc", "I-loc", "O"]]
    (names,) = fitted.tag(["Anna Lee isn't in Paris, Tom is."])
    assert [(one.text, one.label) for one in names] == [("Anna Lee", "per"), ("Paris", "loc"), ("Tom", "per")]
    assert [(one.start, one.end) for one in names] == [(0, 8), (18, 23), (25, 28)]


def test_on_real_tweets_it_beats_nothing_at_all(tweets: tuple[TaggedTable, TaggedTable]) -> None:
    train, dev = tweets
    plain = Gazetteer().fit(train.words, train.tags)
    tuned = Gazetteer().fit(train.words, train.tags, dev=(dev.words, dev.tags))
    one, other = (score(dev.tags, model.predict(dev.words)).micro.f1 for model in (plain, tuned))
    assert 0.02 < one < other
    assert tuned.stopped_ is None


def test_its_manners(fitted: Gazetteer) -> None:
    assert fitted.predict([[], ["Tom"]])[0] == []
    assert fitted.predict([]) == []
    assert Gazetteer(**fitted.get_params()).get_params() == fitted.get_params()
    together = fitted.scores([["Tom"], ["in", "Paris"]])
    np.testing.assert_allclose(together[1], fitted.scores([["in", "Paris"]])[0], atol=1e-12)
    np.testing.assert_allclose(np.exp(together[1]).sum(axis=1), 1)
    with pytest.raises(NotFittedError):
        Gazetteer().tag(["a"])
    with pytest.raises(DataError, match="no word has a tag but O"):
        Gazetteer().fit([["a"]], [["O"]])


def test_a_dev_part_of_other_classes_alone_is_no_help() -> None:
    sentences, tags = [text.split() for text, _ in TRAIN], [tags.split() for _, tags in TRAIN]
    model = Gazetteer().fit(sentences, tags, dev=([["x"]], [["B-other"]]))
    assert model.predict([["Paris"]]) == [["B-loc"]]


def test_save_then_load_gives_the_same(fitted: Gazetteer, tmp_path: Path) -> None:
    sentences = [text.split() for text, _ in TRAIN[:5]] + [["new", "people"]]
    fitted.save(tmp_path / "model", about={"f1": 0.5})
    again = Gazetteer.load(tmp_path / "model")
    for one, other in zip(fitted.scores(sentences), again.scores(sentences), strict=True):
        np.testing.assert_array_equal(one, other)
    card = json.loads((tmp_path / "model" / "heedful.json").read_text())
    assert (card["method"], card["task"]) == ("gazetteer", "tag")


@pytest.mark.parametrize("listed", ["{}", '["x"]', '[["x"]]', '[["x", 3]]', "[", "3"])
def test_a_damaged_list_is_refused(listed: str, fitted: Gazetteer, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    (tmp_path / "model" / "manifest.json").unlink()
    (tmp_path / "model" / "names.json").write_text(listed)
    with pytest.raises(CheckpointError, match=r"names\.json"):
        Gazetteer.load(tmp_path / "model")
