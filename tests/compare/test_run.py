"""One comparison from table to leaderboard, with real workers, and with methods that misbehave."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from made_table import write_table

import heedful
from heedful.compare.leaderboard import Leaderboard
from heedful.compare.results import Result
from heedful.compare.run import _chosen, compare
from heedful.errors import ConfigError, DataError, ServiceError
from heedful.models import METHODS

CHEAP = ["majority", "bayes", "ngram"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("table") / "films.csv")


@pytest.fixture(scope="module")
def run(table):
    """Return folder, leaderboard and events of one run of the cheap methods."""
    events = []
    folder = table.parent / "out"
    board = compare(
        table, methods=CHEAP, seeds=2, minutes=2, out=folder, progress=lambda *event: events.append(event)
    )
    return folder, board, events


@pytest.fixture
def odd(monkeypatch):
    """Add the methods that misbehave."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    for name in ("slow", "patient", "broken", "unfetched", "killed", "diverged"):
        monkeypatch.setitem(METHODS, name, f"odd_methods:{name.title()}")


def test_every_row_is_whole(run):
    _, board, _ = run
    assert [row["name"] for row in board.document["methods"]] == CHEAP
    for row in board.rows:
        assert row["status"] == "done" and row["why"] is None
        for key in ("accuracy", "macro_f1"):
            figure = row[key]
            assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
            assert figure["value"] == pytest.approx(np.mean(figure["seeds"]))
        assert row["fit_seconds"] > 0 and row["texts_per_second"] > 0 and row["energy_joules"] > 0
        assert 20e6 < row["peak_memory_bytes"] < 4e9
        test_rows = board.document["split"]["test"]
        assert np.sum(row["confusion"]) == pytest.approx(test_rows)
        assert sum(point["count"] for point in row["reliability"]["after"]) == pytest.approx(test_rows)
        assert len(row["hardest"]) == 20
    assert len(board.document["methods"][0]["macro_f1"]["seeds"]) == 1  # a seed changes nothing


def test_ranking_beats_the_floor(run):
    _, board, _ = run
    scores = {row["name"]: row["macro_f1"]["value"] for row in board.rows}
    assert scores["ngram"] > 0.7 > 0.4 > scores["majority"]
    assert board.best_ in ("bayes", "ngram") and board.recommended_ in ("bayes", "ngram")
    assert board.rows[0]["name"] == board.best_ and board.rows[-1]["name"] == "majority"
    assert next(row for row in board.rows if row["name"] == "majority")["delta"]["high"] < 0


def test_figures_are_those_of_the_saved_artefact(run, table):
    folder, board, _ = run
    hardest = {row["name"]: row["hardest"] for row in board.rows}["ngram"]
    model = heedful.load(folder / "ngram")
    found = model.predict_proba([row["text"] for row in hardest])
    place = {name: i for i, name in enumerate(model.classes_.tolist())}
    own = [p[place[row["true"]]] for p, row in zip(found, hardest, strict=True)]
    assert own == pytest.approx([row["probability"] for row in hardest], abs=1e-5)
    lines = table.read_text().splitlines()
    for row in hardest:  # the row number is the line of the file
        assert lines[row["row"] - 1] == f"{row['text']},{row['true']}"


def test_folder_holds_document_page_and_artefacts(run):
    folder, board, _ = run
    assert json.loads((folder / "leaderboard.json").read_text()) == board.document
    assert "<html" in (folder / "report.html").read_text()
    for row in board.rows:
        files = [file for file in Path(row["artefact"]).rglob("*") if file.is_file()]
        assert sum(file.stat().st_size for file in files) == row["artefact_bytes"]
        about = json.loads((Path(row["artefact"]) / "heedful.json").read_text())["about"]
        assert about["table"] == "films" and about["text_column"] == "text"
        assert about["test_macro_f1"] == pytest.approx(row["macro_f1"]["value"])
    again = Leaderboard.load(folder)
    assert again.document == board.document and again.best_ == board.best_
    assert "ngram" in repr(again) and "ngram" in again._repr_html_()


def test_data_is_told_before_training(run):
    _, board, events = run
    assert [event for event, _ in events] == ["check", *["start", "end"] * 3, "done"]
    checked = events[0][1]
    assert checked["methods"] == [] and checked["data"]["rows"] == 240 and checked["data"]["classes"] == 3
    parts = board.document["split"]
    assert parts["train"] + parts["dev"] + parts["test"] == 240
    for part in ("train", "dev", "test"):
        assert sum(row[part] for row in board.document["classes"]) == parts[part]


def test_second_run_reuses_what_is_there(run, table):
    folder, board, _ = run
    events = []
    again = compare(
        table,
        methods=[*CHEAP],
        seeds=2,
        minutes=2,
        out=folder,
        progress=lambda *event: events.append(event),
    )
    assert [event for event, _ in events] == ["check", "end", "end", "end", "done"]
    assert all(about["reused"] for event, about in events if event == "end")
    assert again.document["methods"] == board.document["methods"]


def test_other_settings_data_or_seeds_do_not_reuse(run, table, tmp_path):
    result = Result.read(run[0], "ngram")
    assert result.serves(result.key, [0, 1], 2) and result.serves(result.key, [0, 1], 90)
    assert not result.serves("other", [0, 1], 2)
    started = []
    more = table.read_text() + "a fine new night,good\n"
    other = tmp_path / "films.csv"
    other.write_text(more)
    compare(other, methods=["majority"], minutes=1, out=tmp_path / "o", progress=lambda *e: started.append(e))
    compare(table, methods=["majority"], minutes=1, out=tmp_path / "o", progress=lambda *e: started.append(e))
    assert [event for event, _ in started].count("start") == 2


def test_random_methods_want_their_seeds(run):
    result = Result.read(run[0], "majority")
    assert not result.random and result.serves(result.key, [5, 6, 7], 2)
    drawn = Result(**{**vars(result), "random": True})
    assert drawn.serves(result.key, result.seeds, 2) and not drawn.serves(result.key, [0], 2)
    stopped = Result(**{**vars(result), "stopped": "its time was over"})
    assert stopped.serves(result.key, result.seeds, 2) and not stopped.serves(result.key, result.seeds, 3)


def test_damaged_artefact_is_made_again(table, tmp_path):
    started = []
    for damage in (None, "heedful.json"):
        if damage:
            (tmp_path / "out" / "majority" / damage).write_text("{}")
        compare(
            table,
            methods=["majority"],
            minutes=1,
            out=tmp_path / "out",
            progress=lambda event, _: started.append(event),
        )
        heedful.load(tmp_path / "out" / "majority")
    assert started.count("start") == 2


@pytest.mark.usefixtures("odd")
def test_failures_do_not_stop_the_run(table, tmp_path):
    names = ["majority", "broken", "unfetched", "killed", "diverged"]
    board = compare(table, methods=names, minutes=2, out=tmp_path / "out")
    rows = {row["name"]: row for row in board.rows}
    assert board.best_ == board.recommended_ == "majority"
    assert rows["broken"]["why"] == "ValueError: the wheels came off"
    assert rows["unfetched"]["why"] == "minilm is not here. Run: heedful fetch minilm"
    assert "SIGKILL" in rows["killed"]["why"] and "memory" in rows["killed"]["why"]
    assert "NaN" in rows["diverged"]["why"]
    assert {row["status"] for row in rows.values()} == {"done", "failed"}
    assert "heedful fetch minilm" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.usefixtures("odd")
def test_a_method_that_does_not_keep_its_time_is_ended(table, tmp_path):
    begun = time.monotonic()
    events = []
    for _ in range(2):
        board = compare(
            table,
            methods=["slow"],
            minutes=0.15,
            out=tmp_path / "out",
            progress=lambda event, _: events.append(event),
        )
    assert time.monotonic() - begun < 0.15 * 60 + 5
    assert events.count("start") == 1  # stopped at the same bound: it would come to the same
    (row,) = board.rows
    assert row["status"] == "stopped" and "after 1 of 3 seeds" in row["why"]
    assert len(row["macro_f1"]["seeds"]) == 1 and row["artefact_seed"] == 0
    assert "stopped" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.usefixtures("odd")
def test_a_method_that_keeps_its_time_gets_all_its_seeds(table, tmp_path):
    (row,) = compare(table, methods=["patient"], minutes=0.15, out=tmp_path / "out").rows
    assert row["status"] == "stopped" and row["why"] == "its seconds were over."
    assert len(row["macro_f1"]["seeds"]) == 3


@pytest.mark.usefixtures("odd")
def test_nothing_in_time_is_a_failure(table, tmp_path):
    with pytest.raises(ServiceError, match=r"no method finished: slow: .* before the first result"):
        compare(table, methods={"slow": {"from_seed": 0}}, minutes=0.05, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"methods": ["ngrams"]}, "Did you mean ngram"),
        ({"methods": []}, "no method"),
        ({"seeds": 0}, "expected 1 to 100"),
        ({"minutes": 0}, "more than 0"),
        ({"leaks": "hide"}, "expected 'drop' or 'keep'"),
    ],
)
def test_settings_are_checked_first(table, tmp_path, options, said):
    with pytest.raises(ConfigError, match=said):
        compare(table, out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_settings_of_a_method_are_checked_by_it(table, tmp_path):
    with pytest.raises(ServiceError, match=r"does not take {'colour': 3}"):
        compare(table, methods={"ngram": {"colour": 3}}, minutes=1, out=tmp_path / "out")


def test_nothing_of_others_is_written_over(table, tmp_path):
    (tmp_path / "majority").mkdir()
    (tmp_path / "majority" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="majority"):
        compare(table, methods=["majority"], out=tmp_path)
    (tmp_path / "a file").write_text("x")
    with pytest.raises(DataError, match="is a file"):
        compare(table, methods=["majority"], out=tmp_path / "a file")
    (tmp_path / "leaderboard.json").write_text('{"players": []}')
    with pytest.raises(DataError, match="no leaderboard"):
        compare(table, methods=["ngram"], out=tmp_path)
    assert (tmp_path / "majority" / "thesis.txt").read_text() == "years of work"


def test_what_cannot_be_learned_from_leaves_no_folder(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("text,label\n" + "".join(f"words of row {i} here,same\n" for i in range(30)))
    with pytest.raises(DataError, match="'same'"):
        compare(path, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_classes_that_train_lost_are_not_scored(tmp_path):
    rows = [(f"w{i} x{i} y{i} z{i}", "ab"[i % 2]) for i in range(60)]
    rows += [(rows[i][0], f"rare{i}") for i in range(0, 60, 4)]  # each beside its like of class a
    columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    board = compare(columns, methods=["majority"], minutes=1, out=tmp_path / "out")
    assert all(row["train"] > 0 for row in board.document["classes"])
    parts = board.document["split"]
    lost = len(rows) - parts["train"] - parts["dev"] - parts["test"]
    assert lost > 0 and f"{lost} rows are left out" in " ".join(board.document["notes"])


def test_data_frames_and_the_callable_package(table, tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    frame = pandas.read_csv(table)
    frame["label"] = frame["label"].map({"good": 0, "bad": 1, "odd": 2})
    board = heedful.compare(frame, text="text", label="label", methods=["majority"], minutes=1)
    assert [row["name"] for row in board.document["classes"]] == ["0", "1", "2"]
    assert (tmp_path / "table-compare" / "majority").is_dir()


def test_leaderboards_are_checked_when_loaded(tmp_path):
    for text in ("[]", "{", '{"data": {}, "split": {}, "methods": [{}]}'):
        (tmp_path / "leaderboard.json").write_text(text)
        with pytest.raises(DataError, match="no leaderboard"):
            Leaderboard.load(tmp_path)
    with pytest.raises(DataError, match="no leaderboard"):
        Leaderboard.load(tmp_path / "nowhere")


def test_a_method_of_the_main_job_keeps_its_settings_unless_others_are_named() -> None:
    assert _chosen(["fewshot"]) == {"fewshot": {"shots": 8, "steps": 60}}
    assert _chosen({"fewshot": {"steps": 5}, "probe": {}}) == {
        "probe": {},
        "fewshot": {"shots": 8, "steps": 5},
    }
