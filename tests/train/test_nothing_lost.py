"""Nothing is lost: killed anywhere, interrupted, or misused, a training goes on to the same bytes."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from killing import (
    OFTEN,
    STEPS,
    Victims,
    Whole,
    checkpoints,
    command,
    differing,
    environment,
    halves,
    leftovers,
    metrics,
    outcome,
    write_problem,
)

from heedful.storage import locked

LONG = 720  # steps, more than a test waits for
PLACES = ["checkpoint", "sweep", "model", "tokens", "tokenizer", "report"]
needs_fork = pytest.mark.skipif(not Path("/proc").is_dir(), reason="kills processes as Linux does")
pytestmark = needs_fork


def kill_and_resume(victims: Victims, out: Path, whole: Whole, moment: dict[str, Any]) -> list[str] | None:
    """Kill a run, let the same command end it; return what the kill fell into (None: there was none)."""
    words = [str(out) if word == str(whole.out) else word for word in whole.words]
    killed = victims.run(words, OFTEN, kill=moment)
    if killed["code"] == 0:
        return None
    assert (killed["code"], halves(out)) == (-9, []), killed["errors"]
    again = victims.run(words)
    assert again["code"] == 0, again["errors"]
    assert differing(outcome(out), whole.outcome) == [], (whole.objective, moment, killed["inside"])
    assert (halves(out), leftovers(out)) == ([], [])
    inside: list[str] = killed["inside"]
    return inside


def campaign(victims: Victims, place: Path, runs: list[Whole], kills: int, inside: int) -> list[list[str]]:
    """Kill so often, at least `inside` times while a checkpoint is written; return what was hit."""
    draw, hits = random.Random(11), list[list[str]]()
    for attempt in range(3 * kills):
        if len(hits) == kills:
            break
        missing = inside > sum("checkpoint" in hit for hit in hits)
        aim = "checkpoint" if missing else draw.choice([None, None, draw.choice(PLACES)])
        run = runs[attempt % len(runs)]
        hit = kill_and_resume(victims, place / f"run{attempt}", run, run.moment(draw, aim))
        hits += [] if hit is None else [hit]
    return hits


def test_killed_at_random_points_it_ends_with_the_same_bytes(
    victims: Victims, whole: Whole, tmp_path: Path
) -> None:
    hits = campaign(victims, tmp_path, [whole], kills=5, inside=2)
    assert len(hits) == 5
    assert sum("checkpoint" in hit for hit in hits) >= 2


def test_killed_again_and_again_it_ends_with_the_same_bytes(
    victims: Victims, whole: Whole, problem: Path, tmp_path: Path
) -> None:
    draw, words, hits = random.Random(5), command(problem, tmp_path / "run"), list[list[str]]()
    for attempt, number in enumerate((1, 2, 3, 1, 2, 3)):
        after = draw.uniform(0, whole.took["checkpoint"]) if attempt % 2 else 0.0  # at once is surely inside
        kill = {"place": "checkpoint", "number": number, "after": after}
        killed = victims.run(words, kill=kill)
        hits += [killed["inside"]] if killed["code"] == -9 else []
        assert halves(tmp_path / "run") == []
    assert len(hits) >= 5
    assert sum("checkpoint" in hit for hit in hits) >= 2
    assert victims.run(words)["code"] == 0
    assert differing(outcome(tmp_path / "run"), whole.outcome) == []
    assert leftovers(tmp_path / "run") == []


@pytest.mark.slow
def test_two_hundred_kills(
    victims: Victims, whole: Whole, problem: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    others = [Whole(victims, problem, name, tmp_path / name) for name in ("mlm", "denoise")]
    hits = campaign(victims, tmp_path, [whole, whole, *others], kills=200, inside=80)
    counts = {name: sum(name in hit for hit in hits) for name in PLACES}
    with capsys.disabled():
        print(f"\n{len(hits)} kills, all byte-identical; inside {counts}; {time.monotonic() - begin:.0f} s")
    assert len(hits) == 200
    assert counts["checkpoint"] >= 40


def test_an_interrupt_saves_and_a_second_one_ends_at_once(
    victims: Victims, problem: Path, tmp_path: Path
) -> None:
    words = command(problem, tmp_path / "run", "clm", LONG)
    first = {"place": "checkpoint", "number": 1, "after": 0.3, "signals": [2]}
    once = victims.run(words, kill=first)
    assert (once["code"], once["errors"].splitlines()[-1]) == (130, "heedful: interrupted")
    assert "Traceback" not in once["errors"]
    saved = [path.name for path in checkpoints(tmp_path / "run")]
    assert int(saved[-1].removeprefix("step-")) not in {
        line["step"] for line in metrics(tmp_path / "run") if "dev" in line
    }
    at_once = {"place": "metrics.jsonl", "number": 1, "after": 0.1, "signals": [2, 2], "pause": 0.0005}
    twice = victims.run(words, kill=at_once)
    assert (twice["code"], twice["errors"].splitlines()[-1]) == (130, "heedful: interrupted")
    assert "Traceback" not in twice["errors"]
    assert halves(tmp_path / "run") == []


def test_a_second_run_in_a_folder_is_refused_within_a_second(problem: Path, tmp_path: Path) -> None:
    refusals = []
    with locked(tmp_path / "run"):
        for _ in range(3):  # the machine may be busy: the quickest counts
            begin = time.monotonic()
            second = subprocess.run(
                [sys.executable, "-X", "importtime", "-m", "heedful", *command(problem, tmp_path / "run")],
                capture_output=True, text=True, env=environment(),
            )  # fmt: skip
            refusals.append(time.monotonic() - begin)
            assert second.returncode == 2
            assert second.stderr.splitlines()[-1].startswith(f"heedful: {tmp_path / 'run'} is being written")
            assert " torch\n" not in second.stderr
    assert min(refusals) < 1
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


@pytest.mark.slow
def test_a_refused_run_does_not_harm_the_first(
    victims: Victims, whole: Whole, problem: Path, tmp_path: Path
) -> None:
    words, begin = command(problem, tmp_path / "run"), time.monotonic()
    victims.send(words, OFTEN)
    while not checkpoints(tmp_path / "run") and time.monotonic() < begin + 60:
        time.sleep(0.01)
    second = subprocess.run([sys.executable, "-m", "heedful", *words], capture_output=True, env=environment())
    assert (second.returncode, b"another run" in second.stderr) == (2, True)
    assert victims.receive()["code"] == 0
    assert differing(outcome(tmp_path / "run"), whole.outcome) == []


def test_a_folder_of_another_run_is_refused_and_named(
    victims: Victims, whole: Whole, problem: Path, tmp_path: Path
) -> None:
    words, out = command(problem, tmp_path / "run"), tmp_path / "run"
    assert victims.run(words, kill={"place": "checkpoint", "number": 3, "after": 0.0})["code"] == -9
    tokens = sorted((out / "data").rglob("*.bin"))
    before = [path.read_bytes() for path in tokens]
    other = write_problem(tmp_path / "other", seed=4)
    wider = write_problem(tmp_path / "wider")
    (wider / "tiny.yaml").write_text((wider / "tiny.yaml").read_text() + "rate: 0.001\n")
    for given, said in [
        (command(problem, out, "clm", STEPS, "--seed", "1"), "seed was 0, now 1"),
        (command(wider, out), "recipe rate was 0.003, now 0.001"),
        (command(problem, out, "clm", 50), f"steps was {STEPS}, now 50"),
        (command(other, out), "tokens corpus was '"),
    ]:
        refused = victims.run(given)
        assert (refused["code"], refused["errors"].count("holds another run")) == (2, 1)
        assert said in refused["errors"].splitlines()[-1]
        assert before == [path.read_bytes() for path in tokens] != []
    assert victims.run(words)["code"] == 0
    assert differing(outcome(out), whole.outcome) == []


def test_what_is_no_whole_checkpoint_is_passed_over(
    victims: Victims, whole: Whole, problem: Path, tmp_path: Path
) -> None:
    words, out = command(problem, tmp_path / "run"), tmp_path / "run"
    assert victims.run(words, kill={"place": "checkpoint", "number": 5, "after": 0.0})["code"] == -9
    unmarked, stray = out / "checkpoints/step-000000023", out / "checkpoints/notes.txt"
    unmarked.mkdir()
    stray.write_text("mine")
    newest = sorted(path for path in checkpoints(out) if path != unmarked)[-1]
    os.truncate(newest / "model.safetensors", 1000)
    again = victims.run(words)
    assert again["code"] == 0, again["errors"]
    assert (
        f"a damaged checkpoint is passed over: {newest}: model.safetensors has 1000 bytes" in again["errors"]
    )
    assert differing(outcome(out), whole.outcome) == []
    assert (stray.read_text(), list(unmarked.iterdir())) == ("mine", [])


def test_a_checkpoint_with_other_bytes_is_refused_and_named(
    victims: Victims, problem: Path, tmp_path: Path
) -> None:
    words, out = command(problem, tmp_path / "run"), tmp_path / "run"
    assert victims.run(words, kill={"place": "checkpoint", "number": 3, "after": 0.0})["code"] == -9
    path = checkpoints(out)[-1] / "optimizers.safetensors"
    path.write_bytes(b"\xff" * path.stat().st_size)
    refused = victims.run(words)
    assert refused["code"] == 2
    assert f"{path.parent} is damaged" in refused["errors"]
    assert "Remove it to go on" in refused["errors"].splitlines()[-1]


def test_tokens_and_tokenizer_belong_together(
    victims: Victims, whole: Whole, problem: Path, tmp_path: Path
) -> None:
    words, out = command(problem, tmp_path / "run"), tmp_path / "run"
    assert victims.run(words, kill={"place": "checkpoint", "number": 1, "after": 0.0})["code"] == -9
    assert checkpoints(out) == []
    other = command(write_problem(tmp_path / "other", seed=4), out)
    assert victims.run(other, kill={"place": "tokens", "number": 1, "after": 0.0})["code"] == -9
    assert victims.run(words)["code"] == 0
    assert differing(outcome(out), whole.outcome) == []
