"""Extractive summaries: LexRank beside numpy's eigenvectors, redundancy, and texts that are hard to cut."""

from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from heedful.errors import ConfigError, DataError
from heedful.tasks import extract_summary
from heedful.tasks.extract_summary import (
    LONGEST,
    METHODS,
    Extractor,
    centroid,
    choose,
    lexrank,
    split,
)
from heedful.tasks.rouge import rouge_words
from heedful.types import Texts, Vectors


class Bags:
    """Encodes a text as its counts of words; remembers how many it was given at a time."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def encode(self, texts: Texts) -> Vectors:
        self.calls.append(len(texts))
        vectors = np.zeros((len(texts), 512), np.float32)
        for row, text in enumerate(texts):
            for word in rouge_words(text):
                vectors[row, crc32(word.encode()) % 512] += 1
        return vectors

    def truncated(self, texts: Texts) -> int:
        return sum(len(text) > 500 for text in texts)


def random_vectors(size: int, seed: int = 0) -> Vectors:
    random = np.random.default_rng(seed)
    return (random.normal(size=(size, 6)) + 0.5).astype(np.float32)


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_lexrank_is_the_eigenvector_of_the_walk(size: int, threshold: float) -> None:
    vectors = random_vectors(size, size)
    near = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (near @ near.T).astype(np.float64)
    links = np.where(cosines >= threshold, cosines, 0)
    np.fill_diagonal(links, 1)
    walk = 0.15 / size + 0.85 * links / links.sum(axis=1, keepdims=True)
    values, columns = np.linalg.eig(walk.T)
    first = columns[:, np.argmax(values.real)].real
    ranks = lexrank(vectors, threshold)
    np.testing.assert_allclose(ranks, first / first.sum(), atol=1e-6)
    assert ranks.sum() == pytest.approx(1)


def test_without_damping_lexrank_is_the_centroid() -> None:
    vectors = np.abs(random_vectors(30))  # no cosine is negative
    near = centroid(vectors)
    np.testing.assert_allclose(lexrank(vectors, damping=1.0), near / near.sum(), atol=1e-6)


def test_lexrank_of_a_star_prefers_the_middle() -> None:
    vectors = np.array([[1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1]], np.float32)
    assert lexrank(vectors).argmax() == centroid(vectors).argmax() == 1
    assert lexrank(np.zeros((3, 4), np.float32)).tolist() == pytest.approx([1 / 3] * 3)
    assert len(lexrank(np.zeros((0, 4), np.float32))) == len(centroid(np.zeros((0, 4), np.float32))) == 0


def test_the_centroid_by_hand() -> None:
    vectors = np.array([[2, 0], [0, 5], [3, 3]], np.float32)
    np.testing.assert_allclose(centroid(vectors), [2**-0.5, 2**-0.5, 1], atol=1e-6)


def test_like_sentences_do_not_stand_together() -> None:
    vectors = np.array([[1, 0], [1, 0.05], [0, 1], [1, 0]], np.float32)
    scores = np.array([0.4, 0.3, 0.1, 0.2])
    assert choose(scores, vectors, 2, 0.9) == [0, 2]
    assert choose(scores, vectors, 4, 0.9) == [0, 2]
    assert choose(scores, vectors, 4, 1.0) == [0, 1, 2]
    assert choose(np.full(4, 0.25), vectors, 1, 0.9) == [0]
    assert choose(np.zeros(0), np.zeros((0, 2), np.float32), 3, 0.9) == []


@pytest.mark.parametrize("method", METHODS)
def test_summaries_stand_in_order(method: str) -> None:
    text = "Cats eat fish. Dogs chase cats and fish. It rained!\n\nFish fear\ncats. Cats and dogs and fish."
    (found,) = Extractor(method, 2, Bags()).extract([text])
    assert found.total == 5
    assert len(found.sentences) == 2 and found.places == sorted(found.places)
    assert [split(text)[0][place] for place in found.places] == found.sentences
    assert Extractor(method, 2, Bags()).summarize([text]) == [found.text] == [" ".join(found.sentences)]
    assert (found.places == [0, 1]) if method == "lead" else 2 not in found.places


@pytest.mark.parametrize("method", METHODS)
def test_hard_texts(method: str) -> None:
    long = "word " * 9_999 + "end."
    texts = [
        "",
        " \n\n --- \n ***",
        "One sentence",
        "It is so. " * 5,
        long,
        "x" * 2500,
        "A b.\r\n\r\nC d\ne f.",
    ]
    found = Extractor(method, 3, Bags()).extract(texts)
    assert [one.text for one in found[:3]] == ["", "", "One sentence"]
    assert [one.total for one in found[:4]] == [0, 0, 1, 5]
    assert found[3].places == ([0, 1, 2] if method == "lead" else [0])
    assert found[4].cut == found[5].cut == 1 and found[4].total == 50 and found[5].total == 3
    assert max(map(len, found[4].sentences)) <= LONGEST
    assert found[6].sentences == ["A b.", "C d e f."]
    assert all("\n" not in one.text for one in found)


def test_cut_sentences_lose_nothing() -> None:
    words = [str(number) for number in range(3000)]
    pieces, cut = split(" ".join(words))
    assert cut == 1 and " ".join(pieces).split() == words
    assert "".join(split("x" * 2500)[0]) == "x" * 2500


def test_only_so_many_sentences_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract_summary, "MOST", 10)
    bags = Bags()
    text = " ".join(f"Number {number} is here." for number in range(25))
    (found,) = Extractor("lexrank", 3, bags).extract([text])
    assert (found.total, found.unread, bags.calls) == (25, 15, [10])
    assert max(found.places) < 10
    assert Extractor("lead", 12).extract([text])[0].unread == 0


def test_groups_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    texts = [
        " ".join(" ".join(random.choice(list("abcdefgh"), 5)) + " Z." for _ in range(random.integers(0, 9)))
        for _ in range(40)
    ]
    whole, done = Extractor(encoder=Bags()).extract(texts), []
    monkeypatch.setattr(extract_summary, "GROUP", 20)
    bags = Bags()
    assert Extractor(encoder=bags).extract(texts, done.append) == whole
    assert len(bags.calls) > 3 and done == sorted(done) and done[-1] == 40
    assert Extractor(encoder=bags).extract([]) == []


def test_sentences_the_encoder_cuts_are_counted() -> None:
    text = "Short one. " + "A long one " * 60 + "ends."
    assert Extractor(encoder=Bags()).truncated([text, text, "a"]) == 2
    assert Extractor("lead", encoder="nothing").truncated([text]) == 0


def test_the_real_encoder(minilm: Path) -> None:
    text = (
        "The river rose after days of rain. Farmers along the river lost crops to the flood. My cat is grey. "
        "The flood closed roads and bridges. The flood closed roads and bridges."
    )
    extractor = Extractor(encoder=minilm)
    (found,) = extractor.extract([text])
    assert 2 not in found.places and len(found.places) == 3 and 4 not in found.places
    assert extractor.truncated([text]) == 0


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"method": "best"}, "lexrank, centroid, lead"),
        ({"sentences": 0}, "sentences is 0"),
        ({"redundancy": 0.0}, "redundancy is 0.0"),
        ({"redundancy": float("nan")}, "redundancy is nan"),
        ({"threshold": 1.0}, "threshold is 1.0"),
    ],
)
def test_wrong_settings_are_refused(setting: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Extractor(**setting)  # type: ignore[arg-type]


def test_one_text_is_no_list() -> None:
    with pytest.raises(DataError, match="Wrap it in a list"):
        Extractor("lead").summarize("A text.")
