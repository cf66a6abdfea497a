"""What a typed line means."""

import pytest

from heedful.label.replies import Reply, reply

NAMES = ["sport", "politics", "police", "summary"]


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("1\n", "label", "sport"),
        ("4", "label", "summary"),
        ("5", "unclear", "There is no label 5; they are numbered 1 to 4."),
        ("0", "unclear", "There is no label 0"),
        ("9" * 5000, "unclear", "There is no label 99999999999999999999;"),
        ("sport", "label", "sport"),
        ("SPORT ", "label", "sport"),
        ("sp", "label", "sport"),
        ("pol", "unclear", "'pol' may be politics or police"),
        ("poli\t", "unclear", "politics or police"),
        ("s", "skip", ""),
        ("S", "skip", ""),
        ("u\r\n", "undo", ""),
        ("q", "quit", ""),
        ("?", "help", ""),
        ("weather", "label", "weather"),
        ("+5", "label", "5"),
        ("+ spo", "label", "spo"),
        ("+", "unclear", "A label has 1 to 100"),
        ("x" * 101, "unclear", "found 101"),
        ("  \n", "unclear", "Nothing was typed"),
        ("\x1b[31m", "label", "[31m"),
        ("ärger 🎉", "label", "ärger 🎉"),
    ],
)
def test_replies(line: str, kind: str, text: str) -> None:
    found = reply(line, NAMES)
    assert found.kind == kind
    assert found.text.startswith(text) if kind == "label" and text == found.text else text in found.text


def test_labels_that_are_numbers_are_not_numbered() -> None:
    assert reply("1", ["0", "1"]) == Reply("label", "1")
    assert reply("2", ["0", "1"]) == Reply("label", "2")
    assert reply("1", []) == Reply("label", "1")


def test_a_name_comes_before_a_letter() -> None:
    assert reply("s", ["s", "q"]) == Reply("label", "s")
    assert reply("u", ["s", "q"]) == Reply("undo")
