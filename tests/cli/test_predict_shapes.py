"""`heedful predict` for every kind of model: labels, numbers, names, answers; single texts and pairs."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from heedful import models
from heedful.artefact import read_card, write_card
from heedful.baselines.tagging import Entity
from heedful.cli.main import main
from heedful.storage import writing
from heedful.tasks.classify import Classifier
from heedful.tasks.extract import Answer
from heedful.tasks.targets import Amount, AnyLabels

Capture = pytest.CaptureFixture[str]


class Ruled:
    """A model that answers by a rule, with the manners of one that was fitted."""

    method: ClassVar[str]
    pairs_: ClassVar[bool] = False

    @classmethod
    def load(cls, folder: Path) -> Self:
        read_card(Path(folder))
        return cls()


class Several(Ruled):
    """Labels a text with the words a, b and c that stand in it."""

    method, kind_ = "several", "multi"
    target_ = AnyLabels(np.array(["a", "b", "c"]), np.full(3, 0.5))
    classes_ = target_.classes

    def logits(self, texts: list[str]) -> np.ndarray:
        return np.array([[2.0 + i if name in text.split() else -2.0 for i, name in enumerate("abc")]
                         for text in texts])  # fmt: skip


class Length(Ruled):
    """Answers with half the number of letters; of pairs, with the difference."""

    method, kind_ = "length", "number"

    def predict(self, texts: list[Any]) -> np.ndarray:
        if self.pairs_:
            return np.array([len(a) - len(b) for a, b in texts], dtype=float)
        return np.array([len(text) / 2 for text in texts])


class Apart(Length):
    method, pairs_ = "apart", True


class Names(Ruled):
    """Takes words with a capital for names."""

    method = "names"

    def tag(self, texts: list[str]) -> list[list[Entity]]:
        found = []
        for text in texts:
            names = [word for word in text.split() if word[0].isupper()]
            starts = map(text.index, names)
            found.append([Entity(a, a + len(w), "PER", w, 0.75) for a, w in zip(starts, names, strict=True)])
        return found


class Parts(Ruled):
    """Answers with the last word of the context, if the question asks."""

    method = "parts"

    def answer(self, questions: list[str], contexts: list[str]) -> list[list[Answer]]:
        found = []
        for question, context in zip(questions, contexts, strict=True):
            word = context.split()[-1] if "?" in question else ""
            start = context.rindex(word) if word else 0
            found.append([Answer(word, start, start + len(word), 1.0, 0.5)])
        return found


KINDS = {kind.method: kind for kind in (Several, Length, Apart, Names, Parts)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def made(name: str) -> str:
        monkeypatch.setitem(models.TASKS, name, f"{__name__}:{KINDS[name].__name__}")
        with writing(tmp_path / name) as fresh:
            write_card(fresh, name, "test", {}, "# A rule")
        return str(tmp_path / name)

    return made


LINES = [
    ("several", ["a word b", "none"], ["a|b → b|a", ""]),
    ("length", ["abc", ""], ["1.5", "0"]),
    ("apart", ["abcd\tef"], ["2"]),
    ("names", ["Ada met Bob", "nobody"], ["PER:Ada|PER:Bob", ""]),
    ("parts", ["who?\tit was he", "no\tit was he"], ["he", ""]),
]


@pytest.mark.parametrize(("name", "texts", "first"), LINES)
def test_lines(folder: Any, name: str, texts: list[str], first: list[str], capsys: Capture) -> None:
    assert main(["predict", folder(name), "--", *texts]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [one.partition(" → ")[2] or one for one in first]
    around = 1 if name in ("length", "apart") else 2
    assert [line[around:] for line in lines] == [text.split("\t") for text in texts]


def test_probabilities_stand_beside_labels(folder: Any, capsys: Capture) -> None:
    assert main(["predict", folder("several"), "a word b"]) == 0
    assert capsys.readouterr().out == "b|a\t0.9526|0.8808\ta word b\n"
    assert main(["predict", folder("names"), "Ada met Bob"]) == 0
    assert capsys.readouterr().out == "PER:Ada|PER:Bob\t0.7500|0.7500\tAda met Bob\n"


def test_documents(folder: Any, capsys: Capture) -> None:
    def told(name: str, text: str) -> Any:
        assert main(["predict", folder(name), "--json", "--", text]) == 0
        return json.loads(capsys.readouterr().out)["predictions"][0]

    several = told("several", "c and a")
    assert (several["text"], several["labels"]) == ("c and a", ["a", "c"])
    assert list(several["probabilities"]) == ["a", "b", "c"]
    assert told("length", "abc") == {"text": "abc", "number": 1.5}
    assert told("apart", "ab\tc") == {"text": "ab", "pair": "c", "number": 1.0}
    assert told("names", "so Ada") == {
        "text": "so Ada",
        "names": [{"start": 3, "end": 6, "label": "PER", "text": "Ada", "probability": 0.75}],
    }
    assert told("parts", "who?\tit is me") == {
        "text": "who?", "pair": "it is me", "answer": "me", "start": 6, "end": 8, "probability": 0.5,
    }  # fmt: skip


def test_a_terminal_gets_a_table(folder: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    for name, texts, first in LINES:
        assert main(["predict", folder(name), "--", *texts]) == 0
        shown = capsys.readouterr().out
        assert texts[0].split("\t")[0] in shown
        assert first[0].split("|")[0].removeprefix("PER:") in shown
        assert "text" in shown.splitlines()[0]


@pytest.mark.parametrize("name", KINDS)
def test_tables_come_back_whole(folder: Any, name: str, tmp_path: Path, capsys: Capture) -> None:
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [("Is it a ?", "it is Bob"), ("b or c", 'a "quoted, one"'), ("Ada", "nobody")]
    with table.open("w", newline="") as handle:
        csv.writer(handle).writerows([("first", "second"), *rows])
    pairs = name in ("apart", "parts")
    columns = ["--text", "first", *(["--pair", "second"] if pairs else [])]
    assert main(["predict", folder(name), "--file", str(table), *columns, "-o", str(out)]) == 0
    assert "3 rows written" in capsys.readouterr().err
    with out.open(newline="") as handle:
        found = list(csv.DictReader(handle))
    assert [row["first"] for row in found] == [first for first, _ in rows]
    if pairs:
        assert [row["second"] for row in found] == [second for _, second in rows]
    last = {
        "several": ("labels", ["a", "b|c", ""]),
        "length": ("number", ["4.5", "3.0", "1.5"]),
        "apart": ("number", ["0.0", "-9.0", "-3.0"]),
        "parts": ("answer", ["Bob", "", ""]),
        "names": ("names", None),
    }[name]
    shown = [row[last[0]] for row in found]
    if last[1] is None:
        assert [[one["text"] for one in json.loads(cell)] for cell in shown] == [["Is"], [], ["Ada"]]
    else:
        assert shown == last[1]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("apart", ["no tab"], "text 1 is not two texts with one tab between them"),
        ("apart", ["a\tb", "a\tb\tc"], "text 2 is not two texts"),
        ("apart", ["--file", "t.csv", "--text", "first"], "--file, --text and --pair"),
        ("length", ["--file", "t.csv", "--text", "first", "--pair", "second"], "this model reads one"),
        ("length", ["--file", "t.csv", "--pair", "second"], "name the first with --text"),
        ("length", ["a", "--pair", "second"], "--pair names a column of --file"),
        ("apart", ["--file", "t.csv", "--text", "first", "--pair", "third"], "third"),
    ],
)
def test_what_does_not_fit_the_model_is_said(
    folder: Any, name: str, arguments: list[str], says: str, tmp_path: Path, capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("first,second\nsome words here,more words there\n")
    assert main(["predict", folder(name), *arguments]) == 2
    shown = capsys.readouterr()
    assert says in shown.err and shown.err.splitlines()[-1].startswith("heedful: ")
    assert shown.out == ""


def test_lines_of_pairs_from_standard_input(
    folder: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc\td\n\tdd\n")))
    assert main(["predict", folder("apart")]) == 0
    shown = capsys.readouterr()
    assert shown.out == "2\tabc\td\n-2\t\tdd\n"
    assert "1 of 2 texts are empty" in shown.err


@pytest.mark.parametrize("name", ["several", "apart", "names"])
def test_the_service_refuses_what_it_has_no_page_for(folder: Any, name: str, capsys: Capture) -> None:
    assert main(["serve", folder(name), "--port", "0"]) == 2
    assert "expected a classifier that gives a text one label" in capsys.readouterr().err


def test_a_real_classifier_of_pairs_and_the_folder_of_its_fit(
    minilm: Path, tmp_path: Path, capsys: Capture
) -> None:
    model = Classifier(str(minilm), epochs=1)
    model.fit([("a b", "c"), ("d", "e f"), ("g", "h")], [0.5, 20.0, 3.25]).save(tmp_path / "run" / "model")
    assert isinstance(model.target_, Amount)
    assert main(["predict", str(tmp_path / "run"), "a b\tc", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["predictions"][0]["number"] == pytest.approx(model.predict([("a b", "c")])[0])
    assert found["truncated"] == 0
