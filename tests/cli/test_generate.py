"""`heedful generate`: prompts in, pieces out, one document, a clean end after Ctrl-C."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tasks.scribe import folder

from heedful.cli.main import main
from heedful.tasks.write import Writer

Capture = pytest.CaptureFixture[str]


def test_the_answer_streams_and_ends_with_a_line_break(capsys: Capture) -> None:
    (wanted,) = Writer.load(folder("gpt2")).write(["the bank"], max_tokens=9)
    assert main(["generate", str(folder("gpt2")), "the bank", "--max-tokens", "9"]) == 0
    shown = capsys.readouterr()
    assert shown.out == wanted.text + "\n"
    assert shown.err == ""


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--temperature", "0.8", "--seed", "3"], {"temperature": 0.8, "seed": 3}),
        (["--top-p", "0.9"], {"top_p": 0.9}),
        (["--top-k", "4", "--min-p", "0.1"], {"top_k": 4, "min_p": 0.1}),
        (["--beams", "3"], {"beams": 3}),
        (["--stop", "e", "--stop", "a"], {"stop": ["e", "a"]}),
        (["--alternatives", "3"], {"alternatives": 3}),
    ],
)
def test_json_is_one_document(options: list[str], settings: dict[str, object], capsys: Capture) -> None:
    arguments = ["generate", str(folder("llama")), "she sells", "--max-tokens", "12", "--json"]
    assert main([*arguments, *options]) == 0
    found = json.loads(capsys.readouterr().out)
    (wanted,) = Writer.load(folder("llama")).write(["she sells"], max_tokens=12, **settings)
    assert (found["text"], found["tokens"]) == (wanted.text, wanted.tokens)
    assert found["finished"] == wanted.finished
    assert found["logprobs"] == pytest.approx(wanted.logprobs)
    assert [[tuple(pair) for pair in step] for step in found["alternatives"]] == [
        [(id, pytest.approx(logprob)) for id, logprob in step] for step in wanted.top
    ]
    assert found["prompt"] == "she sells"
    assert found["prompt_tokens"] == len(Writer.load(folder("llama"))._ids("she sells", 0))


def test_standard_input_and_chat(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfthe\r\nbank\n")))
    assert main(["generate", str(folder("gpt2")), "--chat", "--json", "--max-tokens", "5"]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = Writer.load(folder("gpt2")).chat([{"role": "user", "content": "the\nbank"}], max_tokens=5)
    assert (found["prompt"], found["tokens"]) == ("the\nbank", wanted.tokens)


def test_an_answer_that_fills_the_model_says_so(capsys: Capture) -> None:
    assert main(["generate", str(folder("gpt2")), "the bank", "--max-tokens", "500"]) == 0
    assert "no place for more tokens" in capsys.readouterr().err


def test_an_interrupted_answer_keeps_what_there_is(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from heedful.generate.session import Session

    step, calls = Session.step, []

    def interrupted(session: Session, ids: list[int]) -> None:
        calls.append(ids)
        if len(calls) % 6 == 0:
            raise KeyboardInterrupt
        step(session, ids)

    (whole,) = Writer.load(folder("llama")).write(["she sells"], max_tokens=20)
    monkeypatch.setattr(Session, "step", interrupted)
    arguments = ["generate", str(folder("llama")), "she sells", "--max-tokens", "20"]
    assert main([*arguments, "--json"]) == 130
    found = json.loads(capsys.readouterr().out)
    assert (found["finished"], found["tokens"]) == ("interrupted", whole.tokens[:6])
    assert main(arguments) == 130
    shown = capsys.readouterr().out
    assert shown.endswith("\n")
    assert whole.text.startswith(shown.removesuffix("\n"))


def test_control_c_in_a_real_process(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from heedful.generate.session import Session\n"
        "step = Session.step\n"
        "def slow(session, ids):\n"
        "    time.sleep(0.2)\n"
        "    print('step', file=sys.stderr, flush=True)\n"
        "    step(session, ids)\n"
        "Session.step = slow\n"
        "from heedful.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    arguments = ["generate", str(folder("gpt2")), "the bank", "--max-tokens", "50", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=tmp_path,
    )  # fmt: skip
    for _ in range(3):
        process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    found = json.loads(out)
    assert process.returncode == 130
    assert found["finished"] == "interrupted"
    assert 3 <= len(found["tokens"]) < 50


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--beams", "2", "--temperature", "1"], "beams"),
        (["--temperature", "-1"], "temperature"),
        (["--beams", "0"], "beams"),
        (["--top-p", "7"], "top_p"),
    ],
)
def test_bad_settings_are_one_line(arguments: list[str], says: str, capsys: Capture) -> None:
    assert main(["generate", str(folder("gpt2")), "the", *arguments]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


def test_bad_models_and_prompts_are_one_line(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["generate", str(folder("bert")), "the", "--json"]) == 2
    assert "no model that writes" in json.loads(capsys.readouterr().out)["error"]
    assert main(["generate", str(folder("gpt2")), "日本" * 60]) == 2
    assert "64 positions" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    assert main(["generate", str(folder("gpt2"))]) == 2
    assert "no text" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["generate", str(folder("gpt2"))]) == 2
    assert "no prompt was given" in capsys.readouterr().err
