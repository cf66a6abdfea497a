"""`heedful serve`: from the command line to an answer, and to a clean end."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from heedful.baselines.majority import Majority
from heedful.cli.main import main
from heedful.studio.server import listen


@pytest.fixture
def artefact(tmp_path: Path) -> str:
    Majority().fit(["a", "b", "c"], ["yes", "yes", "no"]).save(tmp_path / "majority")
    return str(tmp_path / "majority")


def test_it_serves_until_it_is_told_to_stop(artefact: str) -> None:
    command = [
        sys.executable,
        "-m",
        "heedful",
        "serve",
        artefact,
        "--host",
        "0.0.0.0",
        "--port",
        "0",
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout and process.stderr
        started = json.loads(process.stdout.readline())
        port = int(started["url"].rpartition(":")[2])
        request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", b'{"text": "anything"}')
        with urllib.request.urlopen(request, timeout=20) as reply:
            answer = json.load(reply)
        assert answer["predictions"][0]["label"] == "yes"
        assert answer["predictions"][0]["probabilities"]["no"] == pytest.approx(1 / 3)
        process.terminate()
        assert process.wait(20) == 0
        warning, serving = process.stderr.read().splitlines()
        assert "warning: 0.0.0.0 may be reached from other machines" in warning
        assert serving == f"Heedful serves majority at {started['url']} (Ctrl-C to stop)"
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken_is_one_line_and_exit_1(
    artefact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with listen("127.0.0.1", 0) as other:
        port = str(other.getsockname()[1])
        assert main(["serve", artefact, "--port", port]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith(f"heedful: port {port} at 127.0.0.1 cannot be taken: ")
    assert shown.err.count("\n") == 1 and shown.out == ""


def test_a_wrong_artefact_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path)]) == 2
    assert "has no heedful.json" in capsys.readouterr().err
