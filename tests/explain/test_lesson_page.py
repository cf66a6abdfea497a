"""The page of a lesson: what it holds, and that a browser computes the model's numbers from it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import folder

from heedful.explain.page import SCRIPTS, STATIC, Store, page
from heedful.explain.see import Lesson, see

Lessons = Callable[[str], Lesson]
Opens = Callable[..., Any]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-gpu", "--disable-quic",
]  # fmt: skip
RIVER = "The bank of the river was muddy after rain"  # 9 words, with marks and a full stop 12 tokens
HOSTILE = [
    "</script><script>alert(1)",
    "<img src=x onerror=alert(2)>",
    "& \" ' {{document}} <!-- &lt; \u2028",
]
GRID = "(m) => Array.from({ length: m.rows }, (_, i) => Array.from({ length: m.cols }, (_, j) => m.at(i, j)))"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opens]:
    """Yield a function that opens a lesson's page; a request or a complaint of the browser fails the test."""
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    wrong: list[str] = []
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def open_(lesson: Lesson, width: int = 1280, scheme: str = "light") -> Any:
            path = tmp_path_factory.mktemp("page") / "see.html"
            path.write_text(page(lesson), encoding="utf-8")
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            tab.on("console", lambda message: wrong.append(message.text))
            tab.on("pageerror", lambda problem: wrong.append(str(problem)))
            tab.on("dialog", lambda box: (wrong.append(box.message), box.dismiss()))
            tab.on("request", lambda asked: wrong.append(asked.url) if asked.url != path.as_uri() else None)
            tab.goto(path.as_uri())
            return tab

        yield open_
        browser.close()
    assert wrong == []


@pytest.fixture(scope="module")
def river(minilm: Path) -> Lesson:
    return see(minilm, f"{RIVER}.")


def key(off: frozenset[str]) -> str:
    return "+".join(sorted(off))


def grid(tab: Any, what: str) -> np.ndarray:
    """Return a matrix that the page computes."""
    return np.array(tab.evaluate(f"({GRID})({what})"))


def test_the_files_take_nothing_from_elsewhere() -> None:
    for path in STATIC.iterdir():
        source = path.read_text(encoding="utf-8").replace('"http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|@import|url\(|innerHTML|fetch\(|XMLHttp|import\(|eval\(", source), path
        assert len(source.splitlines()) <= 300, path
        assert path.name in (*SCRIPTS, "see.html", "see.css")


def test_the_policy_and_the_size(river: Lesson) -> None:
    shown = page(river)
    assert len(river.tokens) == 12
    assert 4_000_000 < len(shown.encode()) < 6_000_000
    assert "default-src 'none'; style-src 'sha256-" in shown and "unsafe" not in shown
    assert shown.isascii() is False  # the text of the page itself has signs such as minus
    assert len(re.findall("<script", shown)) == 3


def test_arrays_are_kept_once_and_large_numbers_survive() -> None:
    store = Store()
    x = torch.tensor([[1.0, -2.5], [3.0, 4.0]])
    assert store.add(x) == store.add(x.clone()) == 0
    assert store.add(x.flatten()) == 1 and store.add(x, "f4") == 2
    number = store.add(x * 1e6)
    start, shape, kind, factor = store.listed[number]
    data = b"".join(store.chunks)[start : start + 8]
    assert (shape, kind) == ([2, 2], "f2")
    np.testing.assert_allclose(
        np.frombuffer(data, "<f2").astype(float).reshape(2, 2) * factor, x.numpy() * 1e6, rtol=1e-3
    )


@pytest.mark.parametrize("sentence", HOSTILE)
def test_hostile_text_stays_text(minilm: Path, opened: Opens, sentence: str) -> None:
    lesson = see(minilm, sentence)
    shown = page(lesson)
    assert (
        "<img" not in shown and len(re.findall("<script", shown)) == len(re.findall("</script", shown)) == 3
    )
    tab = opened(lesson)
    assert tab.text_content("#sentence") == sentence
    assert tab.locator("#tokens li bdi").all_inner_texts() == [token.label for token in lesson.tokens]
    assert tab.locator("img").count() == 0
    tab.close()


@pytest.mark.parametrize("name", ["gpt2", "bert", "llama", "t5", "modernbert"])
def test_the_browser_has_the_numbers_of_every_run(lesson: Lessons, opened: Opens, name: str) -> None:
    found = lesson(name)
    tab = opened(found)
    for off, run in found.runs.items():
        close = {"atol": 2e-3 * max(1, run.states.abs().max().item() / 4), "err_msg": key(off)}
        np.testing.assert_allclose(grid(tab, f"last({key(off)!r})"), run.states.numpy(), **close)
        for n, i in enumerate(found.kept):
            for h in (0, found.stack.config.heads - 1):
                ours = grid(tab, f"head({key(off)!r}, {n}, {h}).weights")
                assert np.abs(ours.sum(1) - 1).max() < 1e-12
                close = {"atol": 2e-3 if "scale" not in off else 1e-2, "err_msg": key(off)}
                np.testing.assert_allclose(ours, run.layers[i].weights[h].numpy(), **close)
    tab.close()


def test_the_browser_has_the_last_vectors_of_minilm(river: Lesson, opened: Opens) -> None:
    tab = opened(river)
    for off, run in river.runs.items():
        np.testing.assert_allclose(
            grid(tab, f"last({key(off)!r})"), run.states.numpy(), atol=2e-3, err_msg=key(off)
        )
    for i in range(6):
        ours, layer = grid(tab, f"layer('', {i}).x"), river.runs[frozenset()].layers[i]
        np.testing.assert_allclose(ours, layer.x.numpy(), atol=1e-2)
        ours = grid(tab, f"head('', {i}, 7).mixed")
        np.testing.assert_allclose(ours, (layer.weights[7] @ layer.value[7]).numpy(), atol=2e-3)
    assert tab.locator("#toy-rows tr td:last-child").all_inner_texts() == [
        "0.16150348", "0.24093488", "0.16978394", "0.16150348", "0.26627422", "1.00000000",
    ]  # fmt: skip
    tab.close()


def test_layers_that_were_left_out_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, opened: Opens
) -> None:
    monkeypatch.setattr("heedful.explain.see.ROOM", 1000)
    found = see(folder("modernbert", tmp_path), "the bank of the river")
    assert found.kept == (0, 3)
    tab = opened(found)
    np.testing.assert_allclose(grid(tab, "last('')"), found.runs[frozenset()].states.numpy(), atol=5e-3)
    assert tab.is_visible("text=it holds 2 of the 4 layers: 1, 4.")
    tab.close()


def test_a_cell_says_how_its_number_came_about(river: Lesson, opened: Opens) -> None:
    tab = opened(river)
    tab.select_option("#layer", "2")
    tab.select_option("#head", "4")
    layer = river.runs[frozenset()].layers[2]
    i, j = 5, 2
    tab.evaluate(f"() => {{ state.i = {i}; state.j = {j}; }}")
    figure = tab.locator("figure[data-map=weights]")
    cell = tab.evaluate(
        f"""() => {{ const heat = heats.find((one) => one.spec.name === "Attention weights");
        return {{ x: heat.left + {j + 0.5} * heat.wide, y: heat.top + {i + 0.5} * heat.high }}; }}"""
    )
    figure.locator("canvas").hover(position=cell)
    words = figure.locator(".how").inner_text()
    assert words.startswith(f"“{river.tokens[i].label}” looks at “{river.tokens[j].label}”: ")
    shown = float(re.findall(r": (0\.\d{4}), or", words)[0])
    assert shown == pytest.approx(layer.weights[4, i, j].item(), abs=2e-3)
    power, total = re.findall(r"e\^\(?([−\d.]+)\)? ÷ ([\d.]+)", words)[0]
    assert np.exp(float(power.replace("−", "-"))) / float(total) == pytest.approx(shown, abs=1e-3)
    sums = tab.inner_text("figure[data-map=scores] .how").replace("−", "-")
    score = (layer.query[4, i] @ layer.key[4, j]).item()
    assert float(re.findall(r"answers: (-?[\d.]+)", sums)[0]) == pytest.approx(score, abs=1e-2)
    terms = re.findall(r"\(?(-?[\d.]+)\)? × \(?(-?[\d.]+)\)?", sums)
    rest = float(re.findall(r"\+ \(?(-?[\d.]+)\)? from 29 smaller terms", sums)[0])
    assert len(terms) == 3
    assert sum(float(a) * float(b) for a, b in terms) + rest == pytest.approx(score, abs=2e-2)
    figure.locator("canvas").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("[state.i, state.j]") == [i, j + 1]
    assert tab.locator("figure[data-map=weights] .how[aria-live=polite]").count() == 1
    tab.close()


def test_switches_are_labelled_and_take_the_other_run(river: Lesson, opened: Opens) -> None:
    tab = opened(river, 390, "dark")
    switches = tab.get_by_role("switch")
    states = [(one.get_attribute("aria-label"), one.get_attribute("aria-checked")) for one in switches.all()]
    assert [(label.split(":")[0], on) for label, on in states if label] == [
        ("Scale", "true"), ("Positions", "true"), ("Mask", "false"), ("Residual", "true"),
    ]  # fmt: skip
    switches.nth(2).focus()
    tab.keyboard.press("Space")
    assert switches.nth(2).get_attribute("aria-checked") == "true"
    switches.nth(1).click()
    assert tab.inner_text("#state") == "Run again with mask on, positions off."
    expected = river.runs[frozenset({"mask", "positions"})].layers[0].weights[0]
    np.testing.assert_allclose(grid(tab, "state.two.weights"), expected.numpy(), atol=2e-3)
    assert tab.locator("#effect li").count() == 12
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    for field in ("#layer", "#head"):
        assert tab.locator(f"label[for={field[1:]}]").count() == 1
    tab.locator("#minis button").nth(3).click()
    assert tab.input_value("#head") == "3"
    tab.close()


def test_a_switch_without_effect_is_closed(lesson: Lessons, opened: Opens) -> None:
    tab = opened(lesson("t5"))
    assert tab.locator("#switch-scale").is_disabled()
    assert "does not scale" in (tab.get_attribute("#switch-scale", "aria-label") or "")
    assert tab.locator("text=This model shifts each score").is_visible()
    tab.close()
    tab = opened(lesson("gpt2"))
    assert tab.get_attribute("#switch-mask", "aria-checked") == "true"
    assert np.isneginf(grid(tab, "state.two.masked")[0, 1:]).all()
    tab.close()


@pytest.mark.parametrize(
    "sentence", ["rain", "🌊", "the " * 10_000, "مرحبا \u202e abc", "a\x00b\x1b[31m \ud800"]
)
def test_odd_sentences(minilm: Path, tmp_path: Path, opened: Opens, sentence: str) -> None:
    for source in (minilm, folder("gpt2", tmp_path)):
        found = see(source, sentence)
        tab = opened(found, 390)
        assert tab.locator("#tokens li").count() == len(found.tokens) <= 32
        assert tab.is_visible("text=The model was shown the first") is (found.total > len(found.tokens))
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        run = found.runs[frozenset()]
        np.testing.assert_allclose(grid(tab, "last('')"), run.states.numpy(), atol=5e-3)
        tab.close()


def test_the_numbers_in_the_document_are_json(lesson: Lessons) -> None:
    shown = page(lesson("gpt2"))
    document = re.findall('<script type="application/json" id="document">(.*?)</script>', shown)[0]
    assert json.loads(document)["tokens"][1]["label"] == "bank"
