"""Attention between two sentences: tokens become words, the page draws the weights and is closed."""

import html
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import BROWSER, CHROMIUM, OVERLAPS, check_inside, read

from heedful.errors import DataError
from heedful.explain.alignment import LONGEST, MOST, Pair, alignment_page, merged, word_groups
from heedful.report.shell import digest
from heedful.text.marks import MARKS
from heedful.text.training import train_tokenizer

HOSTILE = ["<script>alert(1)</script>", "</title>", "\"'&amp;", "\u202eevil", "x\ud800", "", "a\nb", "👩‍👩‍👧"]
SAMPLES = [
    "The cat  sat, unbelievably, on the mat.",
    "我喜欢学习Python编程。",
    "قرأت الكتاب الجديد",
    "don't ☃",
]


def weights(rows: int, columns: int, rest: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return random weights whose rows sum to 1 - rest."""
    raw = np.random.default_rng(seed).exponential(size=(rows, columns)) ** 3
    return raw / raw.sum(axis=1, keepdims=True) * (1 - rest)


def pair(source: int, target: int, rest: float = 0.0) -> Pair:
    """Return a pair of so many words."""
    names = [f"wörd{'x' * (i % 9)}{i}" for i in range(max(source, target))]
    return Pair(names[:source], names[:target], weights(target, source, rest))


def pictures(page: str) -> list[str]:
    """Return the pictures of the pairs, without the legend."""
    return re.findall("<svg.*?</svg>", page, re.DOTALL)[1:]


def tips(picture: str) -> dict[str, str]:
    """Return what the cells tell: (target looks at source) -> share."""
    found = re.findall("<title>([^<]+ %): ([^<]+ looks at [^<]+)</title>", html.unescape(picture))
    return {what: share for share, what in found}


def test_tokens_become_words() -> None:
    offsets = [
        (0, 0),
        (0, 2),
        (2, 5),
        (5, 6),
        (6, 10),
        (10, 11),
        (0, 0),
    ]  # [CLS] un happy , (blank)then . [SEP]
    assert word_groups("undog, the.", offsets) == (["undog,", "the."], [[1, 2, 3], [4, 5]])
    assert word_groups("a  b", [(0, 1), (1, 2), (2, 4)]) == (
        ["a", "b"],
        [[0], [2]],
    )  # a blank alone is in none
    assert word_groups("a c", [(0, 1)]) == (["a"], [[0]])  # a word without a token is left out
    assert word_groups("", []) == word_groups("", [(0, 0)]) == word_groups("ab", [(7, 9)]) == ([], [])


def test_scripts_without_blanks_and_parts_of_a_sign() -> None:
    assert word_groups("我喜欢GPT2吧", [(0, 1), (1, 3), (3, 5), (5, 7), (7, 8)]) == (
        ["我", "喜欢", "GPT2", "吧"],
        [[0], [1], [2, 3], [4]],
    )
    assert word_groups("é 我", [(0, 1), (0, 1), (2, 3), (2, 3), (2, 3)]) == (["é", "我"], [[0, 1], [2, 3, 4]])
    assert word_groups("สวัสดีครับ", [(0, 6), (6, 10)])[0] == ["สวัสดี", "ครับ"]


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "unigram", "char"])
def test_words_of_real_tokenizers(kind: str) -> None:
    tokenizer = train_tokenizer(kind, SAMPLES * 20, 600, MARKS["translate"], 64)
    for sample in SAMPLES:
        found = tokenizer.engine.encode(sample)
        words, groups = word_groups(sample, found.offsets)
        assert "".join(words) == "".join(sample.split())
        if not re.search("[一-鿿]", sample):
            assert words == sample.split()
        inside = [number for group in groups for number in group]
        assert inside == sorted(set(inside)) and all(groups)
        left_out = set(range(len(found.ids))) - set(inside)
        assert all(not sample[slice(*found.offsets[number])].strip() for number in left_out)


def test_weights_between_words_are_sums_and_means() -> None:
    tokens = np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.1, 0.3], [0.0, 0.0, 1.0, 0.0]])
    np.testing.assert_allclose(
        merged(tokens, [[0, 1], [2]], [[0, 1], [2]]), [[(0.3 + 0.6) / 2, (0.3 + 0.1) / 2], [0.0, 1.0]]
    )
    assert merged(tokens, [], [[0]]).shape == (1, 0) and merged(tokens, [[0]], []).shape == (0, 1)
    with pytest.raises(DataError, match=r"group 1 is \[2, 4\]; expected numbers of tokens from 0 to 3"):
        merged(tokens, [[0], [2, 4]], [[0]])


@given(st.integers(1, 9), st.integers(1, 9), st.randoms(use_true_random=False))
def test_rows_still_sum_to_one(rows: int, columns: int, random: object) -> None:
    cuts = [sorted(random.sample(range(n + 1), random.randint(0, n))) for n in (columns, rows)]  # type: ignore[attr-defined]
    groups = [
        [list(range(a, b)) for a, b in zip([0, *cut], [*cut, n], strict=True) if a < b]
        for cut, n in zip(cuts, (columns, rows), strict=True)
    ]
    found = merged(weights(rows, columns), *groups)
    assert found.shape == (len(groups[1]), len(groups[0]))
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_the_picture_tells_the_weights() -> None:
    given_ = Pair(["Das", "Haus"], ["The", "house"], np.array([[0.9, 0.1], [0.25, 0.75]]))
    (picture,) = pictures(alignment_page("t", [given_]))
    assert tips(picture) == {
        "The looks at Das": "90.0 %", "The looks at Haus": "10.0 %",
        "house looks at Das": "25.0 %", "house looks at Haus": "75.0 %",
    }  # fmt: skip
    strongest = re.findall(r'class="weight strongest" fill-opacity="(\S+)"><title>([^<]+)<', picture)
    assert [what for _, what in strongest] == ["90.0 %: The looks at Das", "75.0 %: house looks at Haus"]
    assert float(strongest[1][0]) == pytest.approx(0.75**0.5, abs=0.01)
    assert "<desc>The: most at Das (90.0 %); house: most at Haus (75.0 %)</desc>" in picture
    assert re.findall(r'class="share \w+">(\d+)<', picture) == ["90", "10", "25", "75"]
    assert ">rest<" not in picture


def test_what_went_to_no_word_is_drawn_too() -> None:
    given_ = Pair(["a", "b"], ["c", "d"], np.array([[0.6, 0.0], [0.5, 0.5]]))
    page = alignment_page("t", [given_])
    (picture,) = pictures(page)
    assert tips(picture)["c looks at no word here"] == "40.0 %" and "d looks at no word here" not in picture
    assert ">rest<" in picture and "Rest: what went to no word here" in page
    assert "c looks at b" not in picture  # nothing: the ground tells that
    assert "less than &lt;0.1 %" not in picture and "less than 0.1 %" in picture


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([0.0, 0.3]))
def test_pictures_stay_inside(source: int, target: int, rest: float) -> None:
    page = alignment_page("t", [pair(source, target, rest)])
    (picture,) = pictures(page)
    check_inside(picture)
    assert picture.count("weight strongest") == min(target, LONGEST)
    assert (f"The first {LONGEST} of {source} words of the source are drawn." in page) == (source > LONGEST)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_odd_words_stay_inside(words: list[str]) -> None:
    page = alignment_page(words[0], [Pair(words, words, weights(len(words), len(words)))])
    check_inside(pictures(page)[0])
    assert "<script" not in page
    page.encode("utf-8")


def test_hostile_words_are_shown_and_not_obeyed() -> None:
    page = alignment_page(HOSTILE[0], [Pair(HOSTILE, HOSTILE, weights(8, 8))], HOSTILE[1])
    reader = read(page)
    assert "script" not in reader.seen and page.count("</title>") == page.count("<title>")
    assert reader.text.count("<script>alert(1)</script>") >= 3 and "\u202e" not in page
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"default-src 'none'; style-src {digest(style)}; base-uri 'none'" in page
    assert not re.search(r"(https?:(?!//www\.w3\.org/2000/svg))|url\(|@import| on\w+=", page)


def test_the_page_says_what_is_drawn() -> None:
    page = alignment_page("t", [pair(3, 3)] * (MOST + 3), "Mean over the heads of layer 6.")
    text = read(page).text
    assert "Mean over the heads of layer 6." in text and "It is no proof of what caused a word." in text
    assert f"The first {MOST} of {MOST + 3} pairs are drawn." in text and len(pictures(page)) == MOST
    assert "There are no pairs to draw." in read(alignment_page("t", [])).text


@pytest.mark.parametrize(("source", "target"), [(0, 2), (2, 0), (0, 0)])
def test_a_side_without_words(source: int, target: int) -> None:
    for matrix in (np.zeros((target, source)), []):
        page = alignment_page("t", [Pair(["a"] * source, ["b"] * target, matrix)])  # type: ignore[arg-type]
        assert "A side has no words: nothing to draw." in read(page).text and not pictures(page)


def test_weights_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match=r"pair 2 has weights of \(2, 1\); expected \(1, 2\): a row for each"):
        alignment_page("t", [pair(1, 1), Pair(["a", "b"], ["c"], np.array([[0.5], [0.5]]))])
    for wrong in ([[0.9, 0.9]], [[-0.1, 1.0]], [[float("nan"), 0.1]], [[float("inf"), 0.0]]):
        with pytest.raises(DataError, match="pair 1: expected weights from 0 up, in rows that sum to 1"):
            alignment_page("t", [Pair(["a", "b"], ["c"], np.array(wrong))])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_words_are_apart_in_a_browser(scheme: str, width: int, tmp_path: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium")
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    odd = Pair(HOSTILE, ["قرأت", "الكتاب", "我", "喜欢", "x" * 90], weights(5, 8, 0.2))
    pairs = [pair(3, 3), pair(16, 14, 0.1), pair(40, 35, 0.3), odd, pair(70, 2), pair(1, 30)]
    file = tmp_path / "alignment.html"
    file.write_text(alignment_page("From " + HOSTILE[0], pairs), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER.split())
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        said: list[str] = []
        shown.on("console", lambda message: said.append(message.text))
        shown.on("dialog", lambda box: (said.append(box.message), box.dismiss()))
        shown.on("request", lambda asked: said.append(asked.url) if asked.url != file.as_uri() else None)
        shown.goto(file.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate(OVERLAPS) == []
        browser.close()
    assert said == []
