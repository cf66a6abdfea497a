"""`heedful encode` and `heedful compare-texts`: vectors on the disk, nothing lost, nothing cut in silence."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tasks.scribe import folder

import heedful
from heedful.cli.main import main
from heedful.data import read_texts
from heedful.errors import ConfigError
from heedful.tasks import encode_table as table_module
from heedful.tasks.similarity import KINDS, compare_texts, similarity

Capture = pytest.CaptureFixture[str]
TEXTS = ["the bank of the river", "", "sea shells " * 20, "Größer, 日本 🙂", "the bank"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"text": text, "year": 2000 + i} for i, text in enumerate(TEXTS * 4)]
    Path("t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder("bert")


def test_vectors_are_those_of_encode_in_the_order_of_the_rows(place: Path, capsys: Capture) -> None:
    assert main(["encode", str(place), "t.jsonl", "-o", "v.npy", "--json"]) == 0
    shown = capsys.readouterr()
    found, vectors = json.loads(shown.out), np.load("v.npy")
    wanted = heedful.load(place).encode(TEXTS * 4)
    assert vectors.dtype == np.float32 and np.abs(vectors - wanted).max() < 1e-6
    assert found["rows"] == 20 and found["truncated"] == 4 and found["empty"] == 4
    first = found["examples"][0]
    assert first["row"] == 3 and first["tokens"] > found["max_tokens"] == 64
    assert TEXTS[2].endswith(first["unread_from"].split()[-1] + " ") and "shells" in first["unread_from"]
    assert f"row 3 has {first['tokens']} tokens, unread from" in shown.err
    assert "4 of 20 texts are longer than the 64 tokens" in shown.err
    assert not Path("v.npy.parts").exists()


def test_parquet_has_the_texts_beside_the_vectors(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "ROWS", 3)
    options = ["--normalize", "--dimensions", "5", "--prompt", "query: "]
    assert main(["encode", str(place), "t.jsonl", "-o", "v.parquet", *options]) == 0
    import duckdb

    rows = duckdb.sql("FROM 'v.parquet'").fetchall()
    wanted = heedful.load(place).encode(TEXTS * 4, normalize=True, dimensions=5, prompt="query: ")
    assert [text for text, _ in rows] == TEXTS * 4
    assert np.abs(np.array([vector for _, vector in rows]) - wanted).max() < 1e-6
    assert np.allclose(np.linalg.norm(wanted, axis=1), 1.0, atol=1e-6)
    assert read_texts("v.parquet").texts == TEXTS * 4


def test_a_killed_run_goes_on(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    code = (
        "import sys\nfrom heedful.tasks import encode_table\nencode_table.ROWS = 2\n"
        "from heedful.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    )
    words = ["encode", str(place), "t.jsonl", "-o", "v.npy"]
    process = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.DEVNULL)
    parts = Path("v.npy.parts")
    deadline = time.monotonic() + 60
    while not list(parts.glob("part-*")) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert not Path("v.npy").exists() and list(parts.glob("part-*"))
    monkeypatch.setattr(table_module, "ROWS", 2)
    assert main([*words, "--normalize"]) == 2
    assert "another run: normalize was False, now True" in capsys.readouterr().err
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["gone_on_from_row"] <= 20 and found["empty"] == found["truncated"] == 4
    assert np.abs(np.load("v.npy") - heedful.load(place).encode(TEXTS * 4)).max() < 1e-6


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["t.jsonl", "-o", "v.txt"], "expected .npy or .parquet"),
        (["t.jsonl", "-o", "no/v.npy"], "does not exist"),
        (["t.jsonl", "-o", "v.npy", "--dimensions", "999"], "999 dimensions; expected 1 to"),
        (["missing.csv", "-o", "v.npy"], "missing.csv"),
        (["t.jsonl", "-o", "v.npy", "--text", "nope"], "no column 'nope'"),
    ],
)
def test_bad_input_is_one_sentence(place: Path, capsys: Capture, words: list[str], told: str) -> None:
    assert main(["encode", str(place), *words]) == 2
    err = capsys.readouterr().err
    assert told in err and len([line for line in err.splitlines() if "expected" in line or told in line]) == 1


def test_the_dot_product_is_the_cosine_times_the_lengths(minilm: Path, capsys: Capture) -> None:
    one, other = "A dog runs.", "A cat sleeps on the mat all day."
    assert main(["compare-texts", one, other, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    encoder = heedful.load(minilm)
    vectors = encoder.encode([one, other])
    assert found["cosine"] == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-5)
    assert found["normalized"] and min(found["lengths"]) > 1.5
    assert found["dot"] == pytest.approx(found["cosine"] * found["lengths"][0] * found["lengths"][1])
    assert compare_texts(encoder, one, one).angle == pytest.approx(0.0, abs=0.1)
    assert main(["compare-texts", one, "word " * 300]) == 0
    assert "B has 256 tokens that are read, and more that are not" in capsys.readouterr().out


def test_similarity_of_vectors() -> None:
    one, other = np.array([[3.0, 4.0], [1.0, 0.0]], np.float32), np.array([[6.0, 8.0]], np.float32)
    assert similarity(one, other).ravel() == pytest.approx([1.0, 0.6])
    assert similarity(one, other, "dot").ravel() == pytest.approx([50.0, 6.0])
    assert KINDS == ("cosine", "dot")
    with pytest.raises(ConfigError, match="kind is 'l2'"):
        similarity(one, other, "l2")
    with pytest.raises(heedful.DataError, match="2 and 3 dimensions"):
        similarity(one, np.zeros((1, 3), np.float32))


def test_what_gives_labels_is_no_encoder(place: Path, capsys: Capture) -> None:
    from heedful.tasks.probe import Probe

    Probe(str(place)).fit(["the bank", "the sea"] * 4, ["a", "b"] * 4).save("probe")
    assert main(["encode", "probe", "t.jsonl", "-o", "v.npy"]) == 2
    assert "probe holds a Probe; expected a sentence encoder" in capsys.readouterr().err
