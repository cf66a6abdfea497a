"""What the tests of killed trainings share: a small problem, attempts at it, and how two folders compare."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

STEPS = 24
BATCH = 96  # tokens
RECIPE = "width: 16\ndepth: 1\nheads: 2\ncontext: 48\nvocab: 300\ndropout: 0.1\n" + f"batch_tokens: {BATCH}\n"
TIMES = {"seconds", "tokens_per_second"}
CHECKPOINT = "step-*"
OFTEN = 0.05  # seconds between two checkpoints


def write_problem(place: Path, seed: int = 3) -> Path:
    """Put a corpus of made-up words and a recipe into a folder."""
    draw = random.Random(seed)
    parts = ("bdfgklmnprst", "aeiou", "lmnrst")
    words = ["".join(draw.choice(part) for part in parts) for _ in range(60)]
    texts = [" ".join(draw.choices(words, k=40)) + "." for _ in range(40)]
    place.mkdir(parents=True, exist_ok=True)
    (place / "corpus.txt").write_text("\n\n".join(texts))
    (place / "tiny.yaml").write_text(RECIPE)
    return place


def command(place: Path, out: Path, objective: str = "clm", steps: int = STEPS, *more: str) -> list[str]:
    """Return the words after `heedful`."""
    given = ["pretrain", objective, str(place / "corpus.txt"), "--documents", "paragraph", "-o", str(out)]
    return [*given, "--size", str(place / "tiny.yaml"), "--tokens", str(BATCH * steps), *more]


def environment() -> dict[str, str]:
    """Return the environment of a process that leaves the cores to others, and starts no thread by itself.

    Where pyarrow is installed, scikit-learn imports it, and its allocator would start one.
    """
    still = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **still}


class Victims:
    """Runs commands in processes that may be killed (see victim.py)."""

    def __init__(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "victim.py")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip

    def run(self, words: list[str], save_seconds: float = 1e9, **more: Any) -> dict[str, Any]:
        """Run a command; return how it ended."""
        self.send(words, save_seconds, **more)
        return self.receive()

    def send(self, words: list[str], save_seconds: float = 1e9, **more: Any) -> None:
        """Begin with a command."""
        request = {"command": words, "save_seconds": save_seconds, **more}
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for its end."""
        assert self.server.stdout is not None
        answer: dict[str, Any] = json.loads(self.server.stdout.readline())
        return answer

    def close(self) -> None:
        """Let the server end."""
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait(20)


class Whole:
    """A run that nothing disturbed, and how long its parts took."""

    def __init__(self, victims: Victims, problem: Path, objective: str, out: Path) -> None:
        self.words, self.objective, self.out = command(problem, out, objective), objective, out
        begun = victims.run(self.words, OFTEN)
        assert begun["code"] == 0, begun["errors"]
        self.seconds, self.took, self.times = begun["seconds"], begun["took"], begun["times"]
        self.outcome = outcome(out)

    def moment(self, draw: random.Random, place: str | None) -> dict[str, Any]:
        """Return a random point of the run, or one inside a saving of this kind."""
        if place is None:
            return {"after": draw.uniform(0, self.seconds)}
        number = draw.randint(1, max(1, self.times[place]))
        return {"place": place, "number": number, "after": draw.uniform(0, self.took[place])}


def outcome(out: Path) -> dict[str, Any]:
    """Return all that a run leaves, without what was measured by a clock."""
    last = checkpoints(out)[-1]
    state = json.loads((last / "state.json").read_text())
    state["recent"] = [step[:2] for step in state["recent"]]  # loss and count; the third is a time
    return {
        **{f"model/{name}": (out / "model" / name).read_bytes() for name in model_files(out)},
        **{path.name: path.read_bytes() for path in last.glob("*.safetensors")},
        "state": {name: value for name, value in state.items() if name not in TIMES},
        "metrics": metrics(out),
    }


def model_files(out: Path) -> list[str]:
    """Return the files of the model that hold no times."""
    names = {path.name for path in (out / "model").iterdir() if path.suffix in {".safetensors", ".json"}}
    return sorted(names - {"heedful.json", "manifest.json"})


def metrics(out: Path) -> list[dict[str, Any]]:
    """Return the lines of the metrics without times."""
    lines = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name not in TIMES} for line in lines]


def differing(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Return the names of what differs."""
    return [name for name in {**found, **expected} if found.get(name) != expected.get(name)]


def checkpoints(out: Path) -> list[Path]:
    """Return what stands under the name of a checkpoint, the oldest first."""
    return sorted((out / "checkpoints").glob(CHECKPOINT))


def halves(out: Path) -> list[str]:
    """Return what stands under a final name without all that its manifest lists."""
    names = [out / "model", *(out / "data").glob("[!.]*"), *checkpoints(out)]
    return [str(folder) for folder in names if folder.exists() and not is_whole(folder)]


def is_whole(folder: Path) -> bool:
    """Is everything there that the manifest lists, and nothing else?"""
    if not (folder / "manifest.json").is_file():
        return False
    listed = json.loads((folder / "manifest.json").read_text())["files"]
    there = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*")}
    return {name: size for name, size in there.items() if name != "manifest.json"} == listed


def leftovers(out: Path) -> list[str]:
    """Return what is hidden, but for the lock."""
    return [str(path.relative_to(out)) for path in out.rglob(".*") if path.name != ".lock"]
