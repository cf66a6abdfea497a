"""report.html of a training: its numbers are the metrics', and it is closed to the outside."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import BROWSER, CHROMIUM, OVERLAPS, check_inside, read

from heedful.report import figures
from heedful.report.machine import machine
from heedful.train import curves
from heedful.train.metrics import Metrics, read_metrics
from heedful.train.report import Run, page, write_report

HOSTILE = "</style><script>alert(1)</script>"
Line = dict[str, Any]


def metrics(steps: int = 2000, every: int = 1, scored: int = 100, **dev: float) -> list[Line]:
    """Return the lines of a run whose loss falls with a ripple, and whose dev loss is 0.1 above it."""
    lines: list[Line] = []
    for step in range(1, steps + 1):
        fall = 1.4 + 2.6 * math.exp(-20 * step / steps)
        if step % every == 0:
            lines.append(
                {
                    "step": step,
                    "loss": fall + 0.05 * math.sin(7 * step),
                    "rate": 3e-4 * step / steps,
                    "tokens": 1000 * step,
                    "seconds": 0.5 * step,
                    "tokens_per_second": 2000.0 + step % 7,
                }
            )
        if step % scored == 0:
            lines.append({"step": step, "dev": {"loss": fall + 0.1, **dev}})
    return lines


def drawn(picture: str, kind: str) -> list[tuple[float, float]]:
    """Return the points of the lines of a kind, in the picture's units."""
    found = re.findall(rf'<polyline points="([^"]*)" class="curve {kind}"', picture)
    return [(float(x), float(y)) for one in found for x, y in (pair.split(",") for pair in one.split())]


def scale(picture: str, anchor: str) -> tuple[float, float]:
    """Return slope and offset that turn places in a picture into the figures of an axis."""
    place = "y" if anchor == "end" else "x"
    found = re.findall(rf'<text x="(\S+)" y="(\S+)" text-anchor="{anchor}" class="tick">([^<]+)<', picture)
    (x0, y0, first), (x1, y1, last) = found[0], found[-1]
    a, b = (float(y0) - 4, float(y1) - 4) if place == "y" else (float(x0), float(x1))
    low, high = (float(mark.replace(",", "").replace("−", "-")) for mark in (first, last))
    slope = (high - low) / (b - a)
    return slope, low - slope * a


def test_the_figures_are_those_of_the_metrics(tmp_path: Path) -> None:
    with Metrics(tmp_path / "metrics.jsonl") as kept:
        for line in metrics(200, scored=20):
            kept.line(**line)
    lines = read_metrics(tmp_path / "metrics.jsonl")
    write_report(tmp_path / "report.html", "A run", lines, {}, {"5-gram": 1.669})
    reader = read((tmp_path / "report.html").read_text(encoding="utf-8"), "evaluations")
    heads, *rows = [[cell.strip() for cell in row] for row in reader.rows]
    assert heads == ["Step", "Time", "Training loss", "Dev loss"]
    steps = {line["step"]: line for line in lines if "loss" in line}
    scores = [line for line in lines if "dev" in line]
    assert rows[:-1] == [
        [
            str(line["step"]),
            figures.duration(steps[line["step"]]["seconds"]),
            f"{steps[line['step']]['loss']:.3f}",
            f"{line['dev']['loss']:.3f}",
        ]
        for line in scores
    ]
    assert rows[-1] == ["5-gram", "", "", "1.669"]
    for told in ("Steps200", "Tokens200,000", "Time1 min 40 s", f"Dev loss{scores[-1]['dev']['loss']:.3f}"):
        assert told in reader.text


def test_the_curves_are_those_of_the_metrics() -> None:
    lines = metrics(400, scored=40)
    dev = curves.scores(lines)["loss"]
    picture, off = curves.losses(
        curves.series(lines, "loss"), dev, "nats", {"5-gram": 1.669, "uniform": 40.0}
    )
    check_inside(picture)
    assert (
        off == {"uniform"} and picture.count('class="reference"') == 1 and ">5-gram 1.669</text>" in picture
    )
    (slope_x, offset_x), (slope_y, offset_y) = scale(picture, "middle"), scale(picture, "end")
    read_off = [(x * slope_x + offset_x, y * slope_y + offset_y) for x, y in drawn(picture, "second")]
    shown = read_off[-len(dev) + 1 :]
    for (x, y), (step, value) in zip(shown, dev[1:], strict=True):
        assert x == pytest.approx(step, abs=abs(slope_x)) and y == pytest.approx(value, abs=abs(slope_y))
    tips = re.findall("<title>(dev: [^<]+)</title>", picture)
    assert tips[-1] == f"dev: {dev[-1][1]:.3f} at 400"


def test_a_long_run_is_thinned_and_keeps_its_ends() -> None:
    points = [(float(i), float(i * i)) for i in range(100_000)]
    thinned = curves.thin(points)
    assert len(thinned) == curves.MOST == len(set(thinned)) and set(thinned) <= set(points)
    assert thinned[0] == points[0] and thinned[-1] == points[-1]
    assert curves.thin(points[:600]) == points[:600]
    file = page(Run(metrics(20_000, scored=20_000), {}), "long", {})
    assert len(file) < 100_000


def test_the_smooth_line_is_the_mean_of_the_neighbours() -> None:
    points = [(float(i), float(i % 2)) for i in range(400)]
    assert curves.window(400) == 11
    found = curves.smooth(points)
    assert found[0] == (0.0, 0.0) and found[1][1] == pytest.approx(1 / 3)  # narrower where the run begins
    assert found[200][1] == pytest.approx(sum(y for _, y in points[195:206]) / 11)
    assert found[-1][1] == pytest.approx(sum(y for _, y in points[-6:]) / 6)
    assert curves.smooth(points[:30]) == points[:30]
    spiked = [(x, 1e30 if x == 20 else y) for x, y in points]
    assert curves.smooth(spiked)[200] == found[200]  # a spike is forgotten once it is out of the window
    holed = [(x, math.nan if x == 200 else y) for x, y in points]
    assert curves.smooth(holed)[200][1] == pytest.approx(5 / 10, abs=0.11)


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan)), max_size=200))
def test_smoothing_keeps_to_the_range(values: list[float]) -> None:
    points = [(float(i), y) for i, y in enumerate(values)]
    known = [y for y in values if math.isfinite(y)]
    found = curves.smooth(points)
    assert [x for x, _ in found] == [x for x, _ in points]
    assert all(math.isnan(y) or min(known) - 1e-6 <= y <= max(known) + 1e-6 for _, y in found)


def test_the_steep_start_does_not_set_the_scale() -> None:
    raw = [(float(i), 9.0 if i < 20 else 1.5 - i / 2000) for i in range(1, 1001)]
    assert curves.reach(raw, [], []) == (pytest.approx(1.0, abs=0.02), pytest.approx(1.49, abs=0.03))
    assert curves.reach(raw, [], [1.669, 4.17])[1] == 1.669
    assert curves.reach([], [], []) == (0.0, 1.0)


def test_baselines_stand_beside_the_figure_that_they_measure() -> None:
    lines = metrics(100, scored=50, accuracy=0.8)
    beside_loss = page(Run(lines, {"majority": 1.5}), "t", {})
    assert "Off the scale" not in beside_loss and ">majority 1.500</text>" in beside_loss
    beside = read(page(Run(lines, {"majority": 0.3}, measure="accuracy"), "t", {}), "evaluations")
    assert [cell.strip() for cell in beside.rows[-1]] == ["majority", "", "", "", "0.300"]
    only = Run(
        [line if "loss" in line else {**line, "dev": {"f1": 0.8}} for line in lines], {"majority": 0.3}
    )
    assert only.measure == "f1" and "majority 0.300" in page(only, "t", {})


def test_the_policy_allows_the_page_s_own_style_and_no_script(tmp_path: Path) -> None:
    write_report(
        tmp_path / "report.html", HOSTILE, metrics(50, scored=10),
        {HOSTILE: HOSTILE, "g": {HOSTILE: HOSTILE}}, {HOSTILE: 1.5}, [(HOSTILE, HOSTILE)], axis=HOSTILE,
    )  # fmt: skip
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    reader = read(text)
    assert "script-src" not in text and "script" not in reader.seen and reader.seen["style"] == 1
    assert reader.text.count(HOSTILE) >= 6
    outside = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|\bsrc\s*=|\bhref\s*=|url\(|@import|\bstyle=|\son\w+\s*=", outside)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_facts_and_examples_are_told() -> None:
    facts = {"seed": 3, "parameters": 3_212_000, "model_bytes": 12_848_000, "Machine": machine()}
    text = read(page(Run(metrics(50), {}), "t", facts, [("ROMEO:", "What say'st\nthou?")])).text
    for told in (
        "seed3",
        "parameters3,212,000",
        "model13 MB",
        "Machine",
        "ROMEO:What say'st\nthou?",
        machine()["torch"],
    ):
        assert told in text, told


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"step": 1, "loss": None}],
        [{"step": 1, "loss": 2.0, "rate": 0.0, "seconds": 0.0, "tokens_per_second": None}],
        [{"step": 0, "dev": {"loss": 2.0}}],
        [{"step": 5, "dev": {"f1": None}}, {"step": 6, "dev": {}}],
        [{"step": 1, "loss": 1e30}, {"step": 2, "loss": 1e-30}, {"step": 2, "dev": {"loss": 1e30}}],
        [{"step": 1, "loss": "odd", "rate": [], "seconds": "x"}],
    ],
)
@pytest.mark.parametrize("baselines", [{}, {"5-gram": 1.669}, {"odd": float("nan")}])
def test_a_run_of_which_little_is_known(lines: list[Line], baselines: dict[str, float]) -> None:
    text = page(Run(lines, baselines), "little", {})
    read(text)
    assert not re.search(r'(?:x|y|cx|cy|points|viewBox)="[^"]*(nan|inf)', text)
    if not lines:
        assert "No step was noted." in text


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 50)), min_size=1, max_size=80),
    st.dictionaries(st.text(min_size=1, max_size=20), st.floats(0, 50), max_size=4),
)
def test_the_picture_stays_inside(values: list[float | None], baselines: dict[str, float]) -> None:
    raw = curves.series([{"step": i + 1, "loss": value} for i, value in enumerate(values)], "loss")
    dev = [(float(i + 1), value or 0.0) for i, value in enumerate(values) if i % 7 == 0]
    check_inside(curves.losses(raw, dev, "loss", baselines)[0])


def test_many_evaluations_are_folded() -> None:
    assert "<summary>All 100 rows</summary>" in page(Run(metrics(1000, scored=10), {}), "t", {})
    assert "<details" not in page(Run(metrics(1000, scored=100), {}), "t", {})


def test_an_old_report_stays_whole_when_the_new_one_fails(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_report(file, "first", metrics(20, scored=10), {}, {})
    before = file.read_bytes()
    with pytest.raises(ValueError, match="unpack"):
        write_report(file, "second", metrics(20, scored=10), {}, {}, [("only one",)])  # type: ignore[list-item]
    assert file.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here to render the page")
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (400, "dark")])
def test_the_training_page_in_a_browser(tmp_path: Path, width: int, scheme: Any) -> None:
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    baselines = {"5-gram": 1.669, "3-gram": 1.672, "a rather long name of a simple model": 1.9}
    write_report(
        tmp_path / "report.html", "Shakespeare", metrics(scored=100, accuracy=0.5), {"Machine": machine()},
        baselines, [("ROMEO:", "say " * 99)], axis="nats per character",
    )  # fmt: skip
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER.split())
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        said: list[str] = []
        shown.on("console", lambda message: said.append(message.text))
        shown.goto((tmp_path / "report.html").as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate(OVERLAPS) == []
        browser.close()
    assert said == []
