"""The leaderboard on a terminal: it fits, it marks by more than colour, and obeys no text."""

import io
from typing import Any

import pytest
from boards import board, damaged, places
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from heedful.compare.terminal import check_lines, show

WAYS = places(board(3))


def shown(document: dict[str, Any], width: int = 80, checks: bool = True, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=stream, width=width).print(show(document, checks=checks))
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert all(len(line) <= width for line in shown(board(2), width).splitlines())


def test_80_columns_hold_the_figures_that_decide() -> None:
    lines = shown(board(), 80, checks=False).splitlines()
    head = next(line for line in lines if "macro-F1" in line)
    assert [name for name in ("95 % interval", "to the best", "texts/s", "fit") if name not in head] == []
    best = next(line for line in lines if line.startswith("◆ finetune"))
    assert best.split()[2:] == ["0.893", "0.879–0.906", "the", "best", "131", "10", "min", "10", "s"]
    probe = next(line for line in lines if line.startswith("■ probe"))
    assert "0.881" in probe and "−0.023 to 0.000" in probe and "1,240" in probe
    assert "…" not in "".join(lines[: lines.index(best) + 10])


def test_more_room_shows_more() -> None:
    narrow, wide = shown(board(), 80), shown(board(), 170)
    for name in ("accuracy", "ECE", "memory", "energy (estimate)"):
        assert name in wide and name not in narrow


def test_the_answer_and_the_reasons_are_said() -> None:
    text = " ".join(shown(board(), 100).split())
    assert "finetune scores highest" in text and "probe is recommended" in text
    assert "finetune stopped: stopped after epoch 2 of 4" in text
    assert "fewshot failed: no model minilm: run: heedful fetch minilm <now>" in text


def test_without_utf_8_it_is_ascii() -> None:
    text = shown(board(2), 100, encoding="ascii")
    assert "* finetune" in text and "-0.012" not in text and "-0.023 to 0.000" in text


def test_texts_are_not_obeyed() -> None:
    document = board(2)
    document["name"] = "[red]table[/blue] \x1b[2J"
    document["methods"][0]["name"] = "[bold]x[/nope]"
    document["methods"][-1]["why"] = "[/] \x1b]0;title\x07 \u202eback"
    text = shown(document, 120)
    assert "[red]table[/blue]" in text and "[bold]x[/nope]" in text
    assert not set(text) & {"\x1b", "\x07", "\u202e"}


def test_check_lines_before_any_training() -> None:
    document = board(2) | {"methods": [], "best": None, "recommended": None}
    assert check_lines(document) == [
        "sst.tsv: 9,613 rows, 2 classes",
        "classes: 0 (6,732), 1 (6,297)",
        "split: train 6,920, dev 872, test 2,369",
        "skipped: 3 rows (empty text), 1 row (too few columns)",
        "check: 76 duplicate rows, 241 near-duplicate rows, 3 texts with two or more labels",
        "leaks: 10 test rows in train word for word, 23 nearly; dropped from the score",
        "note: Took `sentence` as the text and `label` as the label.",
        "note: Read as Windows-1252: 4 broken bytes <mended>.",
    ]
    assert "no winner" in shown(document)


def test_a_clean_table_is_said_to_be_clean() -> None:
    document = {
        "name": "t",
        "data": {"rows": 1, "classes": 2, "duplicates": 0, "leaks_exact": 0, "leaks_near": 0},
    }
    assert check_lines(document) == ["t: 1 row, 2 classes", "check: no duplicates, no conflicts"]


def test_many_classes_are_summed_up() -> None:
    line = check_lines(board(40))[1]
    assert line.endswith("and 28 more") and line.count("(") == 12


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(WAYS), min_size=1, max_size=12),
    st.sampled_from(
        [..., None, [], {}, "", "odd", -1, 1e308, 10**400, float("nan"), True, [None], {"value": 0.5}]
    ),
    st.integers(20, 200),
)
def test_no_missing_or_odd_field_breaks_the_screen(
    ways: list[tuple[Any, ...]], filler: Any, width: int
) -> None:
    document = damaged(board(3), ways, filler)
    assert shown(document, width)
    assert all("\n" not in line for line in check_lines(document))
