"""`heedful index` and `heedful search` on a small table, with the real encoder."""

import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import heedful
from heedful.cli import main as cli

Capture = pytest.CaptureFixture[str]
Run = Callable[..., Any]
ROWS = """id,text,year
a,The cat sleeps on the warm sofa.,1999
b,Our dog barks at every stranger.,2010
c,Interest rates rose again this quarter.,2015
d,The central bank raised its key rate.,2020
e,A kitten drinks milk.,2021
f,,2022
"""


@pytest.fixture(scope="module")
def load(minilm: Path) -> Callable[[str], Any]:
    """Return a loader that loads a model once."""
    del minilm
    return cache(heedful.load)


@pytest.fixture
def run(load: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path) -> Run:
    """Return a function that runs a verb in a folder of its own, and gives its JSON."""
    monkeypatch.setattr("heedful.load", load, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(ROWS)

    def verb(*arguments: str, code: int = 0) -> Any:
        assert cli.main([*arguments, "--json"]) == code
        shown = capsys.readouterr()
        assert shown.out.count("\n") == 1 and "Traceback" not in shown.err
        return json.loads(shown.out)

    return verb


@pytest.fixture
def built(run: Run) -> Run:
    told = run("index", "build", "t.csv", "--id", "id", "--keep", "year", "-o", "it")
    assert told == {"index": f"{Path.cwd()}/it", "rows": 5, "added": 5, "replaced": 0, "unchanged": 0,
                    "empty": 1, "cut": 0}  # fmt: skip
    return run


def found(told: Any) -> list[list[str]]:
    return [[hit["id"] for hit in result["hits"]] for result in told["results"]]


def test_texts_are_found_by_meaning_by_words_and_among_some(built: Run) -> None:
    told = built("search", "it", "monetary policy", "pets", "--top", "2")
    assert {*found(told)[0]} == {"c", "d"} and told["results"][1]["query"] == "pets"
    hit = told["results"][0]["hits"][0]
    assert hit["columns"].keys() == {"year"} and 0 < hit["score"] < 1 and hit["text"]
    assert found(built("search", "it", "monetary policy", "--where", "year < 2000")) == [["a"]]
    assert found(built("search", "it", "kitten", "--hybrid", "--top", "1")) == [["e"]]


def test_rows_come_and_go(built: Run) -> None:
    Path("more.csv").write_text("id,text,year\nb,A parrot talks.,2011\ng,Stocks fell on Monday.,2012\n")
    told = built("index", "add", "it", "more.csv")
    assert (told["rows"], told["added"], told["replaced"]) == (6, 1, 1)
    assert found(built("search", "it", "shares lost value", "--top", "1")) == [["g"]]
    assert built("index", "delete", "it", "g", "zzz") == {"deleted": 1, "unknown": 1, "rows": 5}
    assert built("index", "delete", "it", "--where", "year >= 2020") == {
        "deleted": 2,
        "unknown": 0,
        "rows": 3,
    }
    told = built("index", "info", "it")
    assert (told["rows"], told["model"], told["store"], told["columns"]) == (3, "minilm", "exact", ["year"])
    told = built("index", "check", "it", "--top", "2", "--queries", "3")
    assert (told["recall@2"], told["queries"]) == (1.0, 3)


def test_without_ids_rows_are_numbered_on(run: Run) -> None:
    run("index", "build", "t.csv", "--text", "text", "-o", "it")
    assert run("index", "add", "it", "t.csv")["rows"] == 10
    assert {*found(run("search", "it", "pets", "--top", "20"))[0]} == {*map(str, range(1, 11))}


def test_long_texts_are_counted_or_read_in_windows(run: Run) -> None:
    Path("long.csv").write_text(f"text\n{'filler words here ' * 200} and a zebra\nshort and sweet\n")
    assert run("index", "build", "long.csv", "-o", "cut")["cut"] == 1
    assert run("index", "build", "long.csv", "--windows", "-o", "whole")["cut"] == 0
    assert run("index", "info", "whole")["about"]["windows"] is True
    assert len(found(run("search", "whole", "zebra"))[0]) == 2


def test_lines_on_the_terminal(built: Run, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    del built
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"sleeping cats\nbanks\n")))
    assert cli.main(["search", "it", "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# sleeping cats" and lines[2] == "# banks" and len(lines) == 4
    rank, score, one, text, year = lines[1].split("\t")
    assert (rank, one, text, year) == ("1", "a", "The cat sleeps on the warm sofa.", "year=1999")
    assert 0 < float(score) < 1
    assert cli.main(["index", "info", "it"]) == 0
    assert "rows: 5\n" in capsys.readouterr().out


def test_patents_are_dated_and_classified(run: Run) -> None:
    Path("claims.csv").write_text(
        "id,date,text,B23K,H04L\n"
        "p1,2010-05-01,A method of welding two steel plates.,1,0\n"
        "p2,20140501,A laser welding head for metal sheets.,1,0\n"
        "p3,2012-01-01,A network router that forwards packets.,0,1\n"
        "p4,unknown,A packet switch with a buffer.,0,1\n"
    )
    told = run("index", "build", "claims.csv", "--preset", "patents", "-o", "it")
    assert told["rows"] == 4
    told = run("search", "it", "Welding metal with a torch", "--before", "2014-05-01")
    assert found(told)[0][0] == "p1" and {*found(told)[0]} == {"p1", "p3"}
    assert told["results"][0]["classes"][0] == "B23K" and told["results"][0]["votes"]["H04L"] < 0.5
    assert "p4" not in found(run("search", "it", "packet switch", "--before", "2030-01-01"))[0]
    assert found(run("search", "it", "packet switch"))[0][0] == "p4"
    assert "no date" in run("search", "it", "x", "--before", "soon", code=2)["error"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["search", "it", "x", "--where", "yaer > 1"], 2, "Did you mean 'year'?"),
        (["search", "it", "x", "--before", "2010-01-01"], 2, "Use --where"),
        (["search", "it", "x", "--model", "mpnet"], 2, "index was made with minilm"),
        (["search", "t.csv", "x"], 2, "is no index"),
        (["index", "build", "t.csv", "-o", "it"], 2, "is an index already"),
        (["index", "build", "t.csv", "-o", "new", "--keep", "size"], 2, "size"),
        (["index", "build", "none.csv", "-o", "new"], 2, "none.csv"),
        (["index", "build", "t.csv", "-o", "new", "--preset", "patents"], 2, "no column date"),
        (["index", "build", "t.csv", "-o", "new", "--store", "chroma"], 2, "no store 'chroma'"),
        (["index", "add", "it", "none.csv"], 2, "none.csv"),
        (["index", "delete", "it"], 2, "give the ids"),
        (["index", "check", "none"], 2, "is no index"),
    ],
)
def test_bad_input_is_one_sentence(built: Run, arguments: list[str], code: int, says: str) -> None:
    if "mpnet" in arguments:
        from heedful.catalogue import cached

        if cached("mpnet") is None:
            pytest.skip("mpnet is not in the cache: run `heedful fetch mpnet`")
    assert says in built(*arguments, code=code)["error"]
    assert not Path("new").exists()
