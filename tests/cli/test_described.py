"""`heedful predict minilm --labels ...`: labels told in words, no training."""

import json
from pathlib import Path

import pytest

from heedful.cli.described import described
from heedful.cli.main import main
from heedful.errors import DataError

Capture = pytest.CaptureFixture[str]


def test_labels_written_out() -> None:
    assert described("sport: games, matches; law: courts") == {"sport": "games, matches", "law": "courts"}
    assert described("sport, law") == {"sport": "sport", "law": "law"}
    assert described("a: x, b: y;") == {"a": "x, b: y"}
    assert described(" a : see http://x ; b") == {"a": "see http://x", "b": "b"}


def test_labels_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("no: a refusal\n1:\n- one\n- uno\n")
    assert described(str(tmp_path / "a.yaml")) == {"no": "a refusal", "1": ["one", "uno"]}
    (tmp_path / "a.json").write_text('["yes", "no"]')
    assert described(str(tmp_path / "a.json")) == ["yes", "no"]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("a; b; a", "'a' comes twice"),
        (": x; b", "': x' has no name"),
        ("missing.yaml", "cannot be read"),
        ("bad.yaml", "is no YAML"),
        ("text.yaml", "has str; expected labels"),
        ("binary.json", "is no YAML"),
    ],
)
def test_bad_labels(labels: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("a: [1\nb")
    (tmp_path / "text.yaml").write_text("just words")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=says):
        described(labels)


def test_predict(minilm: Path, capsys: Capture) -> None:
    labels = "sport: a football match; kitchen: a recipe for dinner"
    texts = ["They won the game by two goals.", "Fry the onions in butter."]
    assert main(["predict", str(minilm), "--labels", labels, "--json", *texts]) == 0
    found = json.loads(capsys.readouterr().out)["predictions"]
    assert [one["label"] for one in found] == ["sport", "kitchen"]
    assert (
        found[0]["probability"] == pytest.approx(max(found[0]["probabilities"].values()))
        and found[0]["probability"] > 0.7
    )
    assert main(["predict", str(minilm), "--labels", "sport", texts[0]]) == 2
    assert "found 1 label" in capsys.readouterr().err


def test_a_fitted_model_has_labels_of_its_own(tmp_path: Path, capsys: Capture) -> None:
    from heedful.baselines.majority import Majority

    Majority().fit(["a", "b"], ["x", "y"]).save(tmp_path / "model")
    assert main(["predict", str(tmp_path / "model"), "--labels", "a, b", "text"]) == 2
    assert "has labels of its own" in capsys.readouterr().err
