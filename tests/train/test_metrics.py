"""The metrics of a run: what is written is read again, cut back where a run resumes, whole after a kill."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from heedful.errors import ConfigError, DataError
from heedful.train.metrics import Metrics, read_metrics

STEPS = 10


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a run of ten steps, with an evaluation after the fifth and the tenth."""
    path = tmp_path / "run" / "metrics.jsonl"
    with Metrics(path) as metrics:
        for step in range(1, STEPS + 1):
            metrics.line(step=step, epoch=0, loss=4 / step, tokens=100 * step)
            if step % 5 == 0:
                metrics.line(step=step, dev={"loss": 3 / step})
    return path


def test_a_line_is_on_its_way_at_once_and_read_as_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    metrics = Metrics(path)
    metrics.line(step=3, epoch=1, loss=0.12345678, rate=3e-4, norm=1.0, tokens=12_345_678, dev={"f1": 0.5})
    assert path.read_text().endswith("}\n")
    expected = {
        "step": 3, "epoch": 1, "loss": 0.123457, "rate": 0.0003, "norm": 1.0, "tokens": 12345678,
        "dev": {"f1": 0.5},
    }  # fmt: skip
    assert read_metrics(path) == [expected]
    metrics.close()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), torch.tensor(float("nan"))])
def test_what_is_not_finite_is_null(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "metrics.jsonl"
    with Metrics(path) as metrics:
        metrics.line(step=1, loss=value, dev={"loss": value})
    assert path.read_text() == '{"step": 1, "loss": null, "dev": {"loss": null}}\n'


@pytest.mark.parametrize("value", [torch.tensor(0.25), np.float32(0.25), np.float64(0.25)])
def test_figures_of_torch_and_numpy_are_figures(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "metrics.jsonl"
    with Metrics(path) as metrics:
        metrics.line(step=1, norm=value)
    assert read_metrics(path) == [{"step": 1, "norm": 0.25}]


def test_what_is_no_figure_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with Metrics(path) as metrics, pytest.raises(ConfigError, match="expected a number"):
        metrics.line(step=1, loss=object())
    assert not path.exists()


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Metrics(None) as metrics:
        metrics.line(step=1, loss=1.0)
        metrics.resume(0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", [-1, 0, 1, 5, 7, 10, 99])
def test_a_resumed_run_has_the_file_of_an_unbroken_one(file: Path, step: int) -> None:
    whole = file.read_bytes()
    metrics = Metrics(file)
    metrics.resume(step)
    assert all(line["step"] <= step for line in read_metrics(file))
    for again in range(max(step, 0) + 1, STEPS + 1):
        metrics.line(step=again, epoch=0, loss=4 / again, tokens=100 * again)
        if again % 5 == 0:
            metrics.line(step=again, dev={"loss": 3 / again})
    metrics.close()
    assert file.read_bytes() == whole


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_a_half_last_line_is_dropped(file: Path, cut: int) -> None:
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(whole[:-cut])
    kept = read_metrics(file)
    assert len(kept) == len(b"".join(lines)[:-cut].splitlines(keepends=True)) - 1
    with Metrics(file) as metrics:
        metrics.line(step=11, loss=1.0)
    assert read_metrics(file) == [*kept, {"step": 11, "loss": 1.0}]


def test_a_file_that_needs_no_cut_is_not_written_again(file: Path) -> None:
    before = file.stat().st_ino
    Metrics(file).resume(STEPS)
    assert file.stat().st_ino == before
    Metrics(file).resume(3)
    assert file.stat().st_ino != before and len(read_metrics(file)) == 3
    assert [path.name for path in file.parent.iterdir()] == ["metrics.jsonl"]


@pytest.mark.parametrize(
    "line",
    [b"\n", b"7\n", b"{}\n", b'{"step": 1.5}\n', b'{"step": true}\n', b"\xff\xfe\n", b"[" * 5000 + b"\n"],
)
def test_a_damaged_line_is_named(file: Path, line: bytes) -> None:
    file.write_bytes(b'{"step": 1}\n' + line + b'{"step": 3}\n')
    with pytest.raises(DataError, match=r"metrics\.jsonl, line 2: found"):
        read_metrics(file)


def test_a_line_without_an_end_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n' + b"a" * (3 << 20))
    with pytest.raises(DataError, match="line 2"):
        read_metrics(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.jsonl cannot be read"):
        read_metrics(tmp_path / "nowhere.jsonl")


class Writer:
    """Stands for TensorBoard's: keeps what it is told."""

    opened: list["Writer"] = []  # noqa: RUF012

    def __init__(self, folder: str, purge_step: int | None = None) -> None:
        self.folder, self.purge, self.said, self.closed = folder, purge_step, [], False
        self.opened.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.said.append((name, value, step))

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_tensorboard_is_told_the_same_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(Writer, "opened", [])
    with Metrics(tmp_path / "metrics.jsonl", tmp_path / "board") as metrics:
        metrics.line(step=4, loss=0.5, rate=float("nan"), note="a text")
        metrics.resume(2)
        metrics.line(step=3, dev={"loss": 0.7, "f1": None})
    first, second = Writer.opened
    assert (first.folder, first.purge, first.closed) == (str(tmp_path / "board"), None, True)
    assert first.said == [("train/loss", 0.5, 4)]
    assert (second.purge, second.closed, second.said) == (3, True, [("dev/loss", 0.7, 3)])
    assert json.loads((tmp_path / "metrics.jsonl").read_text())["step"] == 3


def test_a_missing_tensorboard_is_told_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match="pip install tensorboard"):
        Metrics(tmp_path / "metrics.jsonl", tmp_path / "board")
