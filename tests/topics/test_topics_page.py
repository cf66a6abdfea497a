"""The page of topics: offline, closed against what texts hold, and alive in a browser."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from planted import Bag, planted

from heedful.errors import NotFittedError
from heedful.topics import TopicModel
from heedful.topics.hierarchy import hierarchy
from heedful.topics.page import Story, mapped, page
from heedful.topics.scores import scores
from heedful.topics.timeline import over, per_class

EVIL = (
    '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1"> & '
    "' ]]> \u2028 \x00 \ud800"
)


class Elements(HTMLParser):
    """Collects elements, attributes and the contents of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.outside += [value or "" for name, value in attrs if name in ("src", "href", "onerror", "style")]


@pytest.fixture(scope="module")
def story() -> Story:
    texts = [f"{text} {EVIL}" for text in planted(200)[0]]
    model = TopicModel(4, encoder=Bag()).fit([*texts, ""])
    assert model.documents_ is not None
    dates = [str(2000 + label) for label in model.labels_]
    return Story(
        EVIL, model, mapped(model), hierarchy(model.places_.vectors, model.documents_), over(model, dates),
        per_class(model, [EVIL if label else "x" for label in model.labels_]), scores(model, 1), [EVIL],
    )  # fmt: skip


def data(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', text, re.DOTALL)
    assert found
    loaded: dict[str, object] = json.loads(found[1])
    return loaded


def test_nothing_that_texts_hold_becomes_markup(story: Story) -> None:
    text = page(story)
    elements = Elements(text)
    assert elements.names.count("script") == 2 and "img" not in elements.names
    assert elements.outside == []
    assert "default-src 'none'" in text
    text.encode("utf-8")
    shown = data(text)["texts"]
    assert isinstance(shown, list) and len(shown) == 200
    assert all("</script><script>" in one and "\x00" not in one for one in shown)


def test_all_parts_stand_there_and_missing_ones_do_not(story: Story) -> None:
    text = page(story)
    for anchor in ("documents", "words", "hierarchy", "time", "classes", "scores", "notes"):
        assert f'<section id="{anchor}">' in text
    bare = page(Story("name", story.model, story.places))
    assert "Over time" not in bare and "Scores" not in bare and '<section id="words">' in bare


def test_a_loaded_model_has_no_texts_for_a_map(story: Story, tmp_path: Path) -> None:
    story.model.save(tmp_path / "m")
    with pytest.raises(NotFittedError, match="fit again"):
        mapped(TopicModel.load(tmp_path / "m"))


def test_the_map_works_in_a_browser(story: Story, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("no Chromium here: apt-get install chromium")
    (tmp_path / "page.html").write_text(page(story), encoding="utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 900})
        problems: list[str] = []
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on(
            "request",
            lambda request: problems.append(request.url) if "page.html" not in request.url else None,
        )
        tab.goto(f"file://{tmp_path / 'page.html'}")
        tab.wait_for_function("typeof picture === 'object' && picture !== null")
        at = tab.evaluate("[toX(PLACES[0]) / unit, toY(PLACES[1]) / unit]")
        tab.locator("#map").hover(position={"x": at[0], "y": at[1]})
        tip = tab.locator("#map-tip")
        assert tip.is_visible() and "</script><script>" in tip.inner_text()
        tab.locator("[data-topic='1']").click()
        assert tab.evaluate("chosen") == 1
        tab.evaluate("draw()")
        inked = tab.evaluate(
            "pixels.some((ink) => ink === inks[2]) && !pixels.some((ink) => ink === inks[1])"
        )
        before = tab.evaluate("view.scale")
        tab.locator("#map-in").click()
        assert inked and tab.evaluate("view.scale") > before
        assert tab.evaluate("window.hacked") is None and problems == []
        browser.close()


def test_places_are_inside_the_map(story: Story) -> None:
    low, high = story.places.min(axis=0), story.places.max(axis=0)
    assert np.isfinite(story.places).all() and (high > low).all()
    assert data(page(story))["reach"] == pytest.approx(((high - low) / (high - low).max()).tolist(), abs=1e-3)
