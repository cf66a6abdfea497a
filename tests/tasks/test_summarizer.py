"""Summaries in a model's own words: trained on pairs, long documents cut and counted, scored by ROUGE."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interpreter import ENGLISH, GERMAN, recipe

from heedful.cli.main import main
from heedful.errors import DataError
from heedful.models import load
from heedful.tasks.fit_summarize import fit_summarize
from heedful.tasks.summarize import Summarizer


def documents(count: int, seed: int) -> list[dict[str, str]]:
    """Return documents whose summary names their first word, and then their second."""
    random = np.random.default_rng(seed)
    rows = [random.integers(0, 12, random.integers(6, 60)) for _ in range(count)]
    return [
        {"document": " ".join(ENGLISH[i] for i in row) + ".", "summary": " ".join(GERMAN[i] for i in row[:2])}
        for row in rows
    ]


def table(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("summaries")
    parts = {
        name: [table(folder / f"{name}.jsonl", documents(count, seed))]
        for seed, (name, count) in enumerate({"train": 800, "dev": 40, "test": 60}.items())
    }
    found = fit_summarize(**parts, out=folder / "out", size=recipe(folder, "transformer"), epochs=8)  # type: ignore[arg-type]
    return folder / "out", found


Made = tuple[Path, dict[str, Any]]


def test_it_learns_and_stands_above_the_first_sentence(made: Made) -> None:
    out, found = made
    scores = found["scores"]
    assert scores["rouge"]["rougeL"]["f1"]["value"] > 0.5
    assert scores["above_lead"]["rougeL"]["low"] > 0.2
    assert scores["copied"]["invented"]["value"] == 1.0
    assert found["pairs"]["shortened"] > 100
    assert found["documents_cut"] > 5
    assert len((out / "summaries.jsonl").read_text().splitlines()) == found["scored_pairs"] == 60
    assert "ROUGE-L" in (out / "report.html").read_text()


def test_what_is_saved_summarises_as_it_did(made: Made) -> None:
    rows = [json.loads(line) for line in (made[0] / "summaries.jsonl").read_text().splitlines()]
    model = load(made[0])
    assert isinstance(model, Summarizer)
    found = model.summarize([row["source"] for row in rows])
    assert [one.text for one in found] == [row["found"] for row in rows]


def test_a_document_of_any_length_has_one_summary(made: Made) -> None:
    model = Summarizer.load(made[0])
    found = model.summarize(["", "one two\nthree\n\nfour", "one two " * 5000, "x" * 9000, "日本語"])
    assert [one.text == "" for one in found][:3] == [True, False, False]
    assert [one.unread > 0 for one in found] == [False, False, True, True, False]
    with pytest.raises(DataError, match="expects a list"):
        model.summarize("one two")


def test_the_verb_takes_a_model_first(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = documents(12, 7)
    path = table(tmp_path / "rows.jsonl", rows)
    given = ["summarize", str(made[0]), str(path), "--column", "document", "--reference", "summary", "--json"]
    assert main(given) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rouge"]["difference"]["rougeL"]["value"] > 0.2
    assert found["documents"] == 12 == len(found["summaries"])


def test_a_t5_of_our_own_is_tuned(tmp_path: Path) -> None:
    from heedful.tasks.pretrain import pretrain

    text = tmp_path / "text.txt"
    text.write_text("\n\n".join(row["document"] for row in documents(200, 3)))
    size = tmp_path / "t5.yaml"
    size.write_text("width: 32\ndepth: 1\nheads: 2\ncontext: 32\nvocab: 200\nbatch_tokens: 256\n")
    pretrain("denoise", [text], tmp_path / "t5", size=str(size), tokens=6000, documents="paragraph")
    rows = table(tmp_path / "train.jsonl", documents(100, 4))
    more = tmp_path / "more.yaml"
    more.write_text("context: 32\n")
    found = fit_summarize(
        [rows], tmp_path / "out", model=str(tmp_path / "t5"), size=str(more), epochs=1, prefix="summarize: "
    )
    assert found["method"] == f"tuned from {tmp_path / 't5'}"
    model = Summarizer.load(tmp_path / "out")
    assert model.prefix == "summarize: "
    assert len(model.summarize(["one two three"])) == 1
