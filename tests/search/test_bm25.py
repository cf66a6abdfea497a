"""BM25 against its formula, on small texts and on arrays that went to disk and back."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.errors import ConfigError, DataError, NotFittedError
from heedful.search.words import Words
from heedful.text.words import plain_words

TEXTS = ["the cat sat on the mat", "the dog", "a cat and a dog, and a cat!", "", "Zürich naïve don't"]


def formula(texts: list[str], query: str, k1: float = 1.5, b: float = 0.75) -> list[float]:
    """Return the scores as the paper writes them."""
    split = [plain_words(text) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = []
    for document in split:
        counts, score = Counter(document), 0.0
        for word in plain_words(query):
            having = sum(word in other for other in split)
            idf = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
            norm = k1 * (1 - b + b * len(document) / mean)
            if counts[word]:
                score += idf * counts[word] * (k1 + 1) / (counts[word] + norm)
        scores.append(score)
    return scores


@pytest.mark.parametrize("query", ["cat", "cat cat dog", "the zürich", "unheard of", ""])
@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.9, 0.0), (2.0, 1.0)])
def test_scores_are_those_of_the_formula(query: str, k1: float, b: float) -> None:
    found = Words(k1, b).fit(TEXTS).scores(query)
    assert found == pytest.approx(formula(TEXTS, query, k1, b), rel=1e-6)


words_of = st.lists(st.sampled_from("abcdefg"), max_size=12).map(" ".join)


@given(st.lists(words_of, min_size=1, max_size=12), words_of)
def test_any_texts_score_as_the_formula_says(texts: list[str], query: str) -> None:
    if any(texts):
        assert Words().fit(iter(texts)).scores(query) == pytest.approx(formula(texts, query), rel=1e-5)


def test_search_gives_the_best_first_and_equals_by_row() -> None:
    model = Words().fit(["b c", "a", "x", "a", "a a"])
    rows, scores = model.search(["a", "x y", "nothing"], top=4)
    assert rows.tolist() == [[4, 1, 3, -1], [2, -1, -1, -1], [-1] * 4]
    assert scores[0, 1] == scores[0, 2] > 0 and (scores[2] == -np.inf).all()
    assert model.search(["a"], top=2)[0].tolist() == [[4, 1]]


def test_only_those_allowed_are_found() -> None:
    among = np.array([True, False, True, True, False])
    rows, _ = Words().fit(["b c", "a", "x", "a", "a a"]).search(["a b"], top=3, among=among)
    assert rows.tolist() == [[0, 3, -1]] or rows.tolist() == [[3, 0, -1]]


def test_batches_count_as_one_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Words().fit(TEXTS).scores("cat dog zürich")
    monkeypatch.setattr("heedful.search.words.BATCH", 3)
    assert Words().fit(TEXTS).scores("cat dog zürich") == pytest.approx(whole)


def test_what_is_saved_loads_equal(tmp_path: Path) -> None:
    model = Words(1.2, 0.5).fit(TEXTS)
    model.save(tmp_path / "words.safetensors")
    again = Words.load(tmp_path / "words.safetensors")
    assert (again.k1, again.b) == (1.2, 0.5)
    for query in ("cat dog", "zürich don't"):
        assert np.array_equal(again.search([query], 3), model.search([query], 3))


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "words.safetensors"
    Words().fit(TEXTS).save(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="holds no words"):
        Words.load(path)
    with pytest.raises(DataError, match="holds no words"):
        Words.load(tmp_path / "none")


def test_nothing_to_count_and_bad_settings() -> None:
    empty = Words().fit([])
    assert empty.search(["cat"], 2)[0].tolist() == [[-1, -1]]
    assert Words().fit(["", "!"]).search(["cat"], 1)[0].tolist() == [[-1]]
    with pytest.raises(NotFittedError):
        Words().search(["cat"])
    for settings in ((-1.0, 0.5), (1.0, 1.5)):
        with pytest.raises(ConfigError, match="k1"):
            Words(*settings)
    with pytest.raises(DataError, match="one string"):
        empty.search("cat")
