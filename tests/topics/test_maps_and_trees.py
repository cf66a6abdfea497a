"""The map keeps neighbours, the tree merges the nearest first, words are varied, time is read."""

from datetime import date, datetime

import numpy as np
import pytest
from planted import FILLER, THEMES, Bag, planted

from heedful.errors import DataError, NotFittedError
from heedful.topics import TopicModel, graph
from heedful.topics.hierarchy import hierarchy
from heedful.topics.layout import layout
from heedful.topics.scores import scores
from heedful.topics.terms import spoken, terms
from heedful.topics.timeline import finest, over, parsed, per_class
from heedful.topics.weights import alike, class_tf_idf, exclusive, names, top
from heedful.types import Vectors


def clouds(count: int, width: int = 20, seed: int = 0) -> tuple[Vectors, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 6
    vectors = random.normal(size=(6, width))[labels] * 3 + random.normal(size=(count, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_the_map_keeps_neighbours_together() -> None:
    vectors, labels = clouds(600)
    places = layout(vectors, labels, seed=1)
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=2) + np.diag(np.full(600, np.inf))
    near = np.argsort(apart, axis=1)[:, :5]
    assert (labels[near] == labels[:, None]).mean() > 0.97
    assert (layout(vectors, labels, seed=1) == places).all()


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_a_map_of_few(count: int) -> None:
    vectors, labels = clouds(count)
    assert layout(vectors, labels).shape == (count, 2)


def test_neighbours_in_cells_are_mostly_the_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = clouds(1500)
    exact = graph.neighbours(vectors, 10)
    monkeypatch.setattr(graph, "EXACT", 100)
    found = graph.neighbours(vectors, 10)
    assert all(row not in mine for row, mine in enumerate(found))
    assert np.mean([len({*a} & {*b}) / 10 for a, b in zip(exact, found, strict=True)]) > 0.8


def test_smooth_directions_keep_clouds_apart() -> None:
    vectors, labels = clouds(900)
    flat = graph.smooth(graph.neighbours(vectors), 6, seed=0)
    inside = np.mean([flat[labels == i].std(axis=0) for i in range(6)])
    assert flat.std(axis=0).mean() > 3 * inside


def test_the_nearest_topics_merge_first() -> None:
    vectors = np.array([[1, 0, 0], [0.98, 0.2, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    tree = hierarchy(vectors)
    assert {tree[0].left, tree[0].right} == {0, 1} and len(tree) == 3
    assert sorted(tree[-1].topics) == [0, 1, 2, 3]
    assert [one.distance for one in tree] == sorted(one.distance for one in tree)
    assert hierarchy(vectors[:1]) == []


def test_a_merger_is_told_by_the_words_of_both() -> None:
    model = TopicModel(4, encoder=Bag()).fit(planted(200)[0])
    first = hierarchy(model.places_.vectors, model.documents_, words=8)[0]
    themes = [next(theme for theme in THEMES if model.topics_[i].words[0] in theme) for i in first.topics]
    assert all(any(word in theme.split() for word in first.words) for theme in themes)


def test_words_that_stand_everywhere_are_no_terms() -> None:
    texts = planted(300)[0]
    found = terms(texts, Bag().encode(texts))
    assert not set(found.vocabulary) & set(FILLER)
    assert set(found.vocabulary) >= set(THEMES[0].split())
    assert spoken("Don't say it's 3.14 or x, Анна! 天気予報 12") == [
        "do",
        "say",
        "it",
        "or",
        "анна",
        "天気",
        "気予",
        "予報",
    ]


def test_class_tf_idf_is_the_published_formula() -> None:
    texts = ["ab ab cd", "ab ef", "cd gh gh"]
    counts = terms(texts, np.eye(3, dtype=np.float32)).counts
    labels = np.array([0, 0, 1])
    weights = class_tf_idf(counts, labels, 2)
    told = np.array([[2, 1, 1, 0], [0, 1, 0, 1]])  # ab cd ef gh, once in a document
    share = told / told.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights, share * np.log(1 + 3 / told.sum(axis=0)))


def test_words_of_several_topics_step_back() -> None:
    weights = np.array([[1.0, 0.95, 0.0], [1.0, 0.0, 0.95]])
    assert exclusive(weights).argmax(axis=1).tolist() == [1, 2]
    assert exclusive(weights)[0, 1] == pytest.approx(0.95) and exclusive(weights)[0, 2] == 0


def test_words_are_varied() -> None:
    vocabulary = ["film", "films", "actor", "screen"]
    weights = np.array([1.0, 0.9, 0.5, 0.0])
    assert [word for word, _ in top(weights, vocabulary, 2, 0.0)] == ["film", "films"]
    assert [word for word, _ in top(weights, vocabulary, 2, 0.5)] == ["film", "actor"]
    assert len(top(weights, vocabulary, 9, 0.0)) == 3
    assert alike("film", "film") == 1 and alike("ab", "xyz") == 0


def test_names_join_words_that_stand_side_by_side() -> None:
    documents = [["video", "game", "console"]] * 5 + [["stock", "market"]] * 3
    found = names(
        [["game", "video", "console"], ["market", "stock"], ["market", "stock"]],
        documents,
        np.array([0] * 5 + [1] * 3),
    )
    assert found[0] == "video game, console" and found[1] == "stock market"
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2004", date(2004, 1, 1)), (2004, date(2004, 1, 1)), (2004.0, date(2004, 1, 1)),
        ("2004-03", date(2004, 3, 1)), (" 2004-03-05 ", date(2004, 3, 5)), ("20040305", date(2004, 3, 5)),
        ("2004-03-05T10:00:00Z", date(2004, 3, 5)), (datetime(2004, 3, 5, 9), date(2004, 3, 5)),
        ("2004-13", None), ("0000", None), ("5 March", None), ("", None), ("2004-02-30", None),
    ],
)  # fmt: skip
def test_dates(value: object, expected: date | None) -> None:
    assert parsed(value) == expected


def test_topics_over_time_and_bad_dates() -> None:
    texts, _ = planted(120)
    model = TopicModel(4, encoder=Bag()).fit([*texts, ""])
    dates: list[object] = [2000 + label for label in model.labels_[:-1]]
    dates[0], dates[1], dates[2] = "soon", "", None
    monthly = over(model, [*dates, 2003])
    assert (monthly.unit, len(monthly.bins), monthly.bins[0]) == ("month", 37, "2000-01")
    yearly = over(model, [*dates, 2003], "year")
    assert yearly.bins == ["2000", "2001", "2002", "2003"]
    kept = model.labels_[3:-1]
    assert (yearly.counts == np.diag(np.bincount(kept, minlength=4))).all()
    assert yearly.totals.sum() == 117
    assert (yearly.bad, yearly.missing, yearly.example) == (1, 2, "soon")
    assert yearly.words[0][0] and yearly.words[0][1] == ()
    for bad, says in ((["x"] * 121, "none of 121 dates"), (["2000"], "1 dates for 121 rows")):
        with pytest.raises(DataError, match=says):
            over(model, bad)


def test_bins_fit_the_reach() -> None:
    assert finest(date(2000, 1, 1), date(2000, 1, 20)) == "day"
    assert finest(date(2000, 1, 1), date(2002, 1, 1)) == "month"
    assert finest(date(1000, 1, 1), date(2000, 1, 1)) == "century"


def test_per_class_counts_rows() -> None:
    texts, themes = planted(100)
    model = TopicModel(4, encoder=Bag()).fit(texts)
    classes, counts = per_class(model, [f"c{theme}" for theme in themes])
    assert classes == ["c0", "c1", "c2", "c3"] and counts.sum() == 100
    assert counts.max(axis=1).sum() >= 98
    with pytest.raises(DataError, match="3 classes for 100 rows"):
        per_class(model, "abc")


def test_scores_tell_good_topics_from_bad_and_stand_beside_rivals() -> None:
    texts, _ = planted(240)
    model = TopicModel(4, encoder=Bag()).fit(texts)
    told = scores(model, runs=2)
    assert told["stability"]["seeds_and_orders"]["topics"] == [4, 4]
    assert told["npmi"] > 0.05 and told["diversity"] > 0.55
    assert set(told["rivals"]) == {"NMF", "LDA"} and len(told["npmi_by_topic"]) == 4
    assert told["stability"]["seeds_and_orders"]["rand"] > 0.95
    assert told["stability"]["samples"]["rand"] > 0.9
    random = np.random.default_rng(0).normal(size=(240, 16)).astype(np.float32)
    noise = TopicModel(4).fit(texts, random)
    worse = scores(noise, runs=2, rivals=False)
    assert worse["npmi"] < told["npmi"] and worse["stability"]["samples"]["rand"] < 0.5
    model.documents_ = None
    with pytest.raises(NotFittedError):
        scores(model)
