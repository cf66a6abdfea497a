"""The command line as a whole: quick, one line per error, the right exit code."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn

import click
import pytest

from heedful import __version__
from heedful.cli import main as cli
from heedful.errors import DataError, ServiceError

Capture = pytest.CaptureFixture[str]


def raising(problem: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise problem

    return fail


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Return a function that makes the verb `predict` raise an error."""

    def break_with(problem: BaseException) -> None:
        command = click.Command("predict", callback=raising(problem), params=[click.Option(["--json"])])
        command.params[0].is_flag = True  # type: ignore[attr-defined]
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)

    return break_with


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time\nfrom heedful.cli.main import main\nassert main(['--help']) == 0\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'rich', 'fastapi', 'duckdb', 'heedful.cli.predict'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)), 'QUICK', time.process_time() < 0.5)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY [] QUICK True" in done.stdout
    for verb, (_, about) in cli.VERBS.items():
        assert verb in done.stdout and about in done.stdout


def test_no_verb_shows_the_help(capsys: Capture) -> None:
    assert cli.main([]) == 0
    assert "Verbs:" in capsys.readouterr().out


def test_version(capsys: Capture) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"heedful {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["comprae"], "heedful: there is no verb 'comprae'. Did you mean compare? See `heedful --help`."),
        (["xyz"], f"Known are {', '.join(cli.VERBS)}."),
        (["--nothing"], "No such option '--nothing'"),
        (["predict"], "Missing argument 'ARTEFACT'. See `heedful predict --help`."),
        (["serve", "x", "--port", "99999"], "See `heedful serve --help`."),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(capsys: Capture, arguments: list[str], says: str) -> None:
    assert cli.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert says in shown.err
    assert shown.err.count("\n") == 1 and shown.err.startswith("heedful: ")


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (DataError("row 3 is\nragged."), 2, "heedful: row 3 is ragged.\n"),
        (ServiceError("no."), 1, "heedful: no.\n"),
        (MemoryError(), 1, "memory ran out"),
        (PermissionError(13, "Permission denied", "a.csv"), 1, "heedful: a.csv: Permission denied.\n"),
        (KeyError("x"), 1, "heedful: unexpected KeyError: 'x': please report (HEEDFUL_DEBUG=1"),
        (RecursionError("deep"), 1, "unexpected RecursionError"),
        (KeyboardInterrupt(), 130, "heedful: interrupted\n"),
    ],
)
def test_every_error_is_one_line_with_its_exit_code(
    capsys: Capture, broken: Callable[[BaseException], None], problem: BaseException, code: int, says: str
) -> None:
    broken(problem)
    assert cli.main(["predict"]) == code
    shown = capsys.readouterr()
    assert says in shown.err
    assert "Traceback" not in shown.err
    assert len(shown.err.strip().splitlines()) == 1


def test_with_json_the_error_is_one_document_too(
    capsys: Capture, broken: Callable[[BaseException], None]
) -> None:
    broken(DataError('a "quoted" thing.'))
    assert cli.main(["predict", "--json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"error": 'a "quoted" thing.'}
    assert shown.err == 'heedful: a "quoted" thing.\n'
    assert not cli.wants_json(["predict", "x", "--", "--json"])


def test_the_traceback_is_for_those_who_ask(
    capsys: Capture, broken: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDFUL_DEBUG", "1")
    broken(KeyError("x"))
    assert cli.main(["predict"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "heedful", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.wait(20) == 1
    assert process.stderr.read() == ""
    process.stderr.close()
