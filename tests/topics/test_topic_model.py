"""Topics of planted texts: found again, told by their words, and kept for ever."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from planted import FILLER, THEMES, Bag, planted
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

import heedful
from heedful.errors import CheckpointError, ConfigError, DataError, NotFittedError
from heedful.topics import TopicModel
from heedful.types import Ints, Vectors

TEXTS, PLANTED = planted(300)


@pytest.fixture(scope="module")
def model() -> TopicModel:
    return TopicModel(4, encoder=Bag()).fit(TEXTS)


def varied(count: int = 300) -> tuple[list[str], Vectors]:
    """Return texts whose vectors have no clear clusters: labels at borders, outliers."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(12, 24))
    vectors = centres[random.integers(0, 12, count)] + random.normal(size=(count, 24)) * 0.9
    return planted(count, 5)[0], vectors.astype(np.float32)


def test_planted_topics_are_found_and_told_by_their_words(model: TopicModel) -> None:
    assert adjusted_rand_score(PLANTED, model.labels_) > 0.98
    for topic in model.topics_:
        theme = next(theme for theme in THEMES if topic.words[0] in theme.split())
        assert set(topic.words[:6]) == set(theme.split())
        assert not set(topic.words[:6]) & set(FILLER)
        assert all(text in TEXTS for text in topic.texts)
        assert [TEXTS[row] for row in topic.rows] == list(topic.texts)
        assert set(model.labels_[list(topic.rows)]) == {topic.number}
    sizes = [topic.size for topic in model.topics_]
    assert sizes == sorted(sizes, reverse=True) == np.bincount(model.labels_).tolist()
    assert len({topic.name for topic in model.topics_}) == 4


def test_auto_finds_how_many_there_are() -> None:
    found = TopicModel(encoder=Bag(), smallest=20).fit(TEXTS)
    inside = found.labels_ >= 0
    assert 3 <= len(found.topics_) <= 12 and inside.mean() > 0.7
    assert all(len(set(PLANTED[found.labels_ == topic.number])) == 1 for topic in found.topics_)


@pytest.mark.parametrize("outliers", ["keep", "nearest"])
@pytest.mark.parametrize("topics", ["auto", 7])
def test_fitted_texts_keep_their_topics_always(tmp_path: Path, outliers: str, topics: int | str) -> None:
    texts, vectors = varied()
    texts = [*texts, "", "  ", texts[0]]
    vectors = np.concatenate([vectors, vectors[:3]])
    fitted = TopicModel(topics, outliers=outliers, smallest=5).fit(texts, vectors)
    fitted.save(tmp_path / "model")
    loaded = TopicModel.load(tmp_path / "model")
    order = np.random.default_rng(1).permutation(len(texts))
    for one in (fitted, loaded):
        assert (one.transform(texts) == fitted.labels_).all()
        assert (one.transform(texts, vectors + 1e-3) == fitted.labels_).all()
        assert (one.transform([texts[i] for i in order]) == fitted.labels_[order]).all()
        assert [int(one.transform([text])[0]) for text in texts] == fitted.labels_.tolist()
    assert fitted.labels_[-3] == fitted.labels_[-2] == -1 and fitted.empty_.tolist()[-3:] == [
        True,
        True,
        False,
    ]
    assert (outliers == "keep") or (fitted.labels_ >= 0).sum() == len(texts) - 2


def test_the_order_of_the_texts_means_nothing() -> None:
    texts, vectors = varied()
    order = np.random.default_rng(2).permutation(len(texts))
    one = TopicModel(smallest=5).fit(texts, vectors)
    two = TopicModel(smallest=5).fit([texts[i] for i in order], vectors[order])
    assert (one.labels_[order] == two.labels_).all()
    assert [topic.words for topic in one.topics_] == [topic.words for topic in two.topics_]


def test_new_texts_go_where_their_like_are(model: TopicModel) -> None:
    new, themes = planted(80, seed=9)
    assert adjusted_rand_score(themes, model.transform(new)) > 0.95
    assert model.transform([]).shape == (0,)


def test_the_encoder_is_asked_once_for_each_new_text() -> None:
    bag = Bag()
    fitted = TopicModel(4, encoder=bag).fit([*TEXTS, *TEXTS[:50], ""])
    assert sorted(bag.asked) == sorted(set(TEXTS))
    bag.asked.clear()
    fitted.transform(TEXTS[:5])
    assert bag.asked == []
    fitted.transform(["water and a river boat"])
    assert bag.asked == ["water and a river boat"]


def test_outliers_far_from_all_topics() -> None:
    random = np.random.default_rng(0)
    centres = np.eye(6, 30)[:3] * 8
    near = centres[np.arange(240) % 3] + random.normal(size=(240, 30)) * 0.5
    far = random.normal(size=(30, 30)) * 3 - 5 * np.eye(6, 30)[3]
    vectors = np.concatenate([near, far]).astype(np.float32)
    texts = [f"text number {i} of these" for i in range(270)]
    kept = TopicModel(smallest=30).fit(texts, vectors)
    assert (kept.labels_[:240] >= 0).mean() > 0.9
    assert (TopicModel(smallest=30, outliers="nearest").fit(texts, vectors).labels_ >= 0).all()


def test_what_is_saved_opens_by_load(model: TopicModel, tmp_path: Path) -> None:
    model.save(tmp_path / "m", {"npmi": 0.5})
    opened = heedful.load(tmp_path / "m")
    assert isinstance(opened, TopicModel) and opened.topics_ == model.topics_
    assert (opened.transform(TEXTS) == model.labels_).all()
    with pytest.raises(ConfigError, match="texts need vectors"):
        opened.transform(["something new"])
    new = planted(20, seed=4)[0]
    assert (opened.transform(new, Bag().encode(new)) == model.transform(new)).all()
    assert json.loads((tmp_path / "m" / "heedful.json").read_text())["about"] == {"npmi": 0.5}


def test_a_damaged_folder_is_refused(model: TopicModel, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    listed = json.loads((tmp_path / "m" / "topics.json").read_text())
    (tmp_path / "m" / "manifest.json").unlink()
    for bad in (listed[:-1], [], {}, [{"number": 1}], "x"):
        (tmp_path / "m" / "topics.json").write_text(json.dumps(bad))
        with pytest.raises(CheckpointError):
            TopicModel.load(tmp_path / "m")


@pytest.mark.parametrize(
    "signs", ["天気予報雨晴曇", "погода дождь снег ветер солнце", "مطر رياح شمس غيوم ثلج"]
)
def test_any_script(signs: str) -> None:
    random = np.random.default_rng(0)
    words = signs.split() if " " in signs else [signs[i : i + 2] for i in range(len(signs) - 1)]
    texts, vectors = planted(60)[0], []
    other = [" ".join([*random.choice(words, 5)]) + f" n{i}" for i in range(40)]
    vectors = np.concatenate([np.tile([1, 0, 0], (60, 1)), np.tile([0, 1, 0], (40, 1))])
    vectors = (vectors + random.normal(size=vectors.shape) * 0.1).astype(np.float32)
    fitted = TopicModel(2).fit([*texts, *other], vectors)
    assert set(fitted.topics_[1].words[:3]) <= set(words)


@pytest.mark.parametrize(
    ("texts", "vectors", "says"),
    [
        ("one", None, "found one string"),
        (["a"] * 20, np.ones((20, 3)), "found 1 different texts in 20 rows"),
        ([f"t{i}" for i in range(12)], np.ones((11, 3)), "one row for each of 12 texts"),
        ([f"t{i}" for i in range(12)], np.full((12, 3), np.nan), "not finite"),
        ([f"t{i}" for i in range(12)], [["a", "b"]] * 12, "not numbers"),
        ([*"abcdefghijkl", 3], None, "text 12 is a int"),
        ([f"t{i}" for i in range(12)], None, "texts need vectors"),
    ],
)
def test_bad_input_is_one_sentence(texts: list[str], vectors: Vectors | None, says: str) -> None:
    with pytest.raises((DataError, ConfigError), match=says):
        TopicModel().fit(texts, vectors)


def test_settings_are_checked(model: TopicModel) -> None:
    with pytest.raises(ConfigError, match="reduction is 'tsne'"):
        TopicModel(reduction="tsne").fit(TEXTS)
    with pytest.raises(ConfigError, match="topics is 1"):
        TopicModel(1).fit(TEXTS)
    with pytest.raises(DataError, match="at least 400"):
        TopicModel(400, encoder=Bag()).fit(TEXTS)
    with pytest.raises(NotFittedError):
        TopicModel().transform(["a"])
    with pytest.raises(DataError, match="wide"):
        model.transform(["new"], np.ones((1, 9), dtype=np.float32))
    assert clone(TopicModel(5, words=7)).get_params()["words"] == 7


def test_umap_that_is_missing_is_said() -> None:
    pytest.importorskip("sklearn")
    try:
        import umap  # noqa: F401
    except ImportError:
        with pytest.raises(ConfigError, match=r"pip install 'heedful\[umap\]'"):
            TopicModel(4, encoder=Bag(), reduction="umap").fit(TEXTS)
    else:
        pytest.skip("umap-learn is installed")


@pytest.mark.parametrize("copies", [1, 5])
def test_equal_vectors_and_few_texts_do_no_harm(copies: int) -> None:
    texts = [f"word{i} and more" for i in range(12)] * copies
    labels: Ints = TopicModel(2).fit(texts, np.ones((12 * copies, 4), dtype=np.float32)).labels_
    assert len(labels) == 12 * copies and (labels >= 0).all()
    assert len(TopicModel().fit(texts, np.random.default_rng(0).normal(size=(len(texts), 4))).topics_) >= 1


def test_headlines_come_apart_by_section(shared_data: Callable[[str], Path], minilm: Path) -> None:
    with gzip.open(shared_data("summaries/headlines.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][::5]
    texts, sections = [row["summary"] for row in rows], [row["id"].split("/")[0] for row in rows]
    model = TopicModel(5, encoder=heedful.load(minilm)).fit(texts)
    assert adjusted_rand_score(sections, model.labels_) > 0.35
    told = {word for topic in model.topics_ for word in topic.words}
    assert not told & {"the", "to", "in", "for", "of", "on", "and", "at", "with"}
    assert (model.transform(texts[::-1]) == model.labels_[::-1]).all()
