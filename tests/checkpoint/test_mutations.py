"""Thousands of mutated checkpoints: each a typed error or a correct load, quick, small, nothing run."""

import json
import os
import pickle
import random
import select
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from bad_configs import code
from bad_pickles import Payload
from mutations import KINDS, SENTENCE_HEAVY, SEVERAL, TEXTS, choose, names

QUICK, ALL = 300, 5000
PATIENCE = 30.0  # seconds to make, load and judge one mutation
STARTING = 120.0  # seconds to import everything and load the first models
WORKER = Path(__file__).parent / "mutation_worker.py"
Record = dict[str, Any]


class Worker:
    """A process that loads mutated folders, started again when it hangs or dies."""

    def __init__(self, bases: Path, scratch: Path) -> None:
        self.bases = bases
        self.command = [sys.executable, str(WORKER), str(bases), str(scratch)]
        self.log = (scratch.parent / "worker.log").open("ab")
        self.start()

    def start(self) -> None:
        """Begin a process, which imports while others work."""
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "RUST_BACKTRACE": "0",
            "TOKENIZERS_PARALLELISM": "false",
        }
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment
        )

    def ready(self) -> None:
        """Let it load the first models, now that there are some."""
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        assert self.line(STARTING) == b"ready\n", "see worker.log"

    def ask(self, number: int, kind: str = "") -> Record:
        """Return the record of one mutation; a hang or a death is one too."""
        assert self.process.stdin
        self.process.stdin.write(f"{number} {kind}\n".encode())
        self.process.stdin.flush()
        line = self.line(PATIENCE)
        if line.endswith(b"\n"):
            return dict(json.loads(line[line.rindex(b"\x1e") + 1 :]))
        return self.lost(number, kind, "hangs" if self.process.poll() is None else "dies")

    def line(self, seconds: float) -> bytes:
        """Return the next line, or what there is of it when the time is over or the process has ended."""
        assert self.process.stdout
        line, until = b"", time.monotonic() + seconds
        while not line.endswith(b"\n"):
            ready = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]
            more = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                if ready:
                    self.process.wait(10)
                break
            line += more
        return line

    def lost(self, number: int, kind: str, how: str) -> Record:
        """Replace the process; return a record of its end."""
        self.close()
        self.start()
        self.ready()
        mutation = {"number": number, "kind": kind, "base": "", "meant": "", "pickle": False}
        return {"mutation": mutation, "outcome": how, "problem": f"the process {how}", "message": "",
                "seconds": PATIENCE, "megabytes": 0.0, "executed": False}  # fmt: skip

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A process that loads mutated copies of the bases, which are written once."""
    pytest.importorskip("transformers")
    from mutation_bases import build

    home = tmp_path_factory.mktemp("mutations")
    (home / "bases").mkdir()
    worker = Worker(home / "bases", home / "scratch")
    build(home / "bases")
    worker.ready()
    yield worker
    worker.close()


def summary(records: Sequence[Record]) -> str:
    """Return counts by kind and outcome, and the slowest and the largest."""
    rows = Counter((record["mutation"]["kind"], record["outcome"]) for record in records)
    outcomes = Counter(record["outcome"] for record in records)
    lines = [f"{len(records)} mutations: {counts(outcomes)}"]
    for kind in sorted({kind for kind, _ in rows}):
        own = {outcome: count for (one, outcome), count in rows.items() if one == kind}
        lines += [f"  {kind}: {counts(own)}"]
    for key in ("seconds", "megabytes"):
        most = max(records, key=lambda record: float(record[key]))
        lines.append(
            f"  most {key}: {most[key]:.3f} ({most['mutation']['kind']}, number {most['mutation']['number']})"
        )
    lines.append(f"  executed: {sum(record['executed'] for record in records)}")
    return "\n".join(lines)


def counts(table: Mapping[str, int]) -> str:
    """Return names and their counts."""
    return ", ".join(f"{name} {count}" for name, count in sorted(table.items()))


def failures(records: Sequence[Record]) -> list[str]:
    """Return a line for each record that is not as it must be."""
    bad = [(record["mutation"], record["problem"]) for record in records if record["problem"]]
    return [f"{mutation['number']} {mutation['base']} {mutation['kind']}: {why}" for mutation, why in bad]


def test_mutated_checkpoints_are_typed_errors_or_correct_loads(worker: Worker) -> None:
    bases = names(worker.bases)
    light = [number for number in range(2 * QUICK) if choose(number, bases)[0] not in SENTENCE_HEAVY][:QUICK]
    records = [worker.ask(number) for number in light]
    assert not failures(records)
    assert {"loaded", "CheckpointError", "ConfigError", "TokenizerError"} <= {
        record["outcome"] for record in records
    }


@pytest.mark.slow
def test_all_mutated_checkpoints(worker: Worker) -> None:
    records = [worker.ask(number) for number in range(ALL)]
    print(summary(records))
    assert not failures(records)
    kinds = {record["mutation"]["kind"] for record in records}
    assert kinds >= {*KINDS, *SENTENCE_HEAVY, *TEXTS, SEVERAL}


def test_a_wrong_load_is_seen(worker: Worker, tmp_path: Path) -> None:
    """A model that is not what its file holds, or not of its config's sizes, does not pass as correct."""
    from mutation_worker import differences, load, read_base
    from safetensors.torch import load_file, save_file

    for name in ("bert", "gpt2", "sharded"):
        base = read_base(worker.bases / name)
        folder = Path(shutil.copytree(worker.bases / name, tmp_path / name))
        model = load(folder, name, False)
        assert not differences(model, folder, base, False)
        path = min(folder.glob("*.safetensors"))
        tensors = load_file(path)
        max(tensors.values(), key=lambda value: value.numel()).view(-1)[-1] += 1
        save_file(tensors, path)
        assert "not what the file holds" in differences(model, folder, base, False)
        assert not differences(load(folder, name, False), folder, base, False)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 39}))
        assert "vocab_size" in differences(model, folder, base, True)


def test_the_canaries_sing(tmp_path: Path) -> None:
    """What the mutations plant does run where it is let."""
    pickle.loads(pickle.dumps(Payload(tmp_path / "one")))
    assert (tmp_path / "one").exists()
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    code(folder, random.Random(0))
    exec((folder / "modeling_x.py").read_text())
    assert (tmp_path / "canary").exists()
