"""The report: whole, closed to the outside, true to the document, unmoved by missing figures."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from boards import HOSTILE, board, damaged, places
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import BROWSER, CHROMIUM, OVERLAPS, read

from heedful.compare.report import fragment, report
from heedful.report import figures

WAYS = places(board(3))
FILLERS = [..., None, [], {}, "", "odd", -1, 0, 1e308, 10**400, float("nan"), True, [None], {"value": 0.5}]


@pytest.mark.parametrize("classes", [2, 11, 40])
@pytest.mark.parametrize("write", [report, fragment])
def test_every_element_is_closed(write: Any, classes: int) -> None:
    assert read(write(board(classes))).seen["table"] >= 1


@pytest.mark.parametrize("write", [report, fragment])
def test_nothing_points_outside(write: Any) -> None:
    page = write(board(11)).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//\w|\bsrc\s*=|\bhref\s*=|url\(|@import|\bstyle=|\son\w+\s*=", page)


def test_the_policy_allows_the_page_s_own_style_and_script_and_nothing_else() -> None:
    page = report(board())
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1))  # type: ignore[union-attr]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    for name in ("style", "script"):
        (content,) = re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    page = report(board(11))
    reader = read(page)
    assert reader.seen["script"] == 1 and reader.seen["style"] == 1 and "b" not in reader.seen
    assert HOSTILE[0] in reader.text and HOSTILE[5] in reader.text and "<b>Law</b>" in reader.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", page)
    page.encode("utf-8")


def test_every_figure_of_the_table_is_the_document_s() -> None:
    document = board(3)
    rows = {
        row[0].replace("◆", "").replace("■", "").split()[0]: row[1:]
        for row in read(report(document)).rows[2:]
    }
    assert set(rows) == {method["name"] for method in document["methods"]}
    for method in document["methods"]:
        cells = [" ".join(cell.split()) for cell in rows[method["name"]]]
        assert len(cells) == 11
        if "macro_f1" not in method:
            assert set(cells) == {"–"}
            continue
        f1, accuracy, delta = method["macro_f1"], method["accuracy"], method["delta"]
        best = method["name"] == document["best"]
        assert cells[0] == f"{f1['value']:.3f} {f1['low']:.3f}–{f1['high']:.3f}"
        expected = f"{delta['value']:+.3f} {delta['low']:+.3f} to {delta['high']:+.3f}".replace("-", "−")
        assert cells[1] == ("the best" if best else expected.replace("+0.000", "0.000"))
        assert cells[2] == f"{accuracy['value']:.3f} {accuracy['low']:.3f}–{accuracy['high']:.3f}"
        seeds = f1["seeds"]
        assert cells[3] == (f"{min(seeds):.3f}–{max(seeds):.3f}" if len(seeds) > 1 else "–")
        assert cells[4] == f"{method['ece']:.3f} → {method['ece_calibrated']:.3f}"
        writers = (
            ("texts_per_second", figures.rate), ("fit_seconds", figures.duration),
            ("peak_memory_bytes", figures.size), ("artefact_bytes", figures.size),
            ("energy_joules", figures.energy), ("truncated", figures.percent),
        )  # fmt: skip
        assert cells[5:] == [write(method[key]) for key, write in writers]


def test_the_table_is_ranked_and_the_marks_are_words() -> None:
    names = [row[0].split() for row in read(report(board())).rows[2:]]
    assert names[0] == ["◆", "finetune", "best", "stopped"]
    assert names[1] == ["■", "probe", "recommended"]
    assert names[-1] == ["fewshot", "failed"]


def test_the_story_is_told() -> None:
    text = read(report(board())).text
    for part in (
        "finetune scores highest: macro-F1 0.893 (95 % interval 0.879–0.906).",
        "the cheapest to run whose paired interval against the best includes 0",
        "9.5 times as many as finetune",
        "majority, which gives every text the same answer, scores 0.340.",
        "stopped after epoch 2 of 4", "heedful fetch minilm <now>",
        "10 test rows stand in train word for word, 23 nearly. They were dropped",
        "heedful predict 'sst compare/probe'", 'heedful.load("sst compare/finetune")',
        "rows left out: empty text 3, too few columns 1", "2.13.0", "21 November 2026, 23:45 UTC",
    ):  # fmt: skip
        assert part in text, part


def test_one_method_that_is_both() -> None:
    document = board()
    document["recommended"] = "finetune"
    text = read(report(document)).text
    assert "finetune is also the recommendation" in text and "Best and recommended" in text


@pytest.mark.parametrize(
    "document", [{}, {"methods": []}, {"methods": [{"name": "lstm", "status": "failed", "why": None}]}]
)
def test_a_document_without_scores(document: dict[str, Any]) -> None:
    assert "no winner" in read(report(document)).text
    read(fragment(document))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(WAYS), min_size=1, max_size=12),
    st.sampled_from(FILLERS),
)
def test_no_missing_or_odd_field_breaks_the_page(ways: list[tuple[Any, ...]], filler: Any) -> None:
    document = damaged(board(3), ways, filler)
    page = report(document)
    read(page)
    read(fragment(document))
    assert "nan" not in re.findall(r'(?:x|y|cx|cy|points|viewBox)="[^"]*nan', page)


def test_only_name_and_status_are_needed() -> None:
    document = {
        "methods": [{"name": name, "status": "done"} for name in ("majority", "ngram")],
        "best": "ngram",
    }
    text = read(report(document)).text
    assert "ngram scores highest: macro-F1 – (95 % interval –)." in text


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here to render the page")
@pytest.mark.parametrize(
    ("classes", "width", "scheme"), [(2, 1200, "light"), (11, 400, "dark"), (40, 400, "light")]
)
def test_the_page_in_a_browser(tmp_path: Path, classes: int, width: int, scheme: Any) -> None:
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    path = tmp_path / "report.html"
    path.write_text(report(board(classes)), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER.split())
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda problem: said.append(str(problem)))
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERLAPS) == []
        page.get_by_role("button", name="Texts/s").click()
        assert "majority" in page.locator("table.board tbody tr").first.inner_text()
        page.get_by_role("button", name="Texts/s").click()
        assert "finetune" in page.locator("table.board tbody tr").first.inner_text()
        assert "fewshot" in page.locator("table.board tbody tr").last.inner_text()
        browser.close()
    assert said == []
