"""Where a run stands, on disk: weights, optimisers, position and best weights, whole or absent."""

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from heedful.errors import CheckpointError
from heedful.storage import MANIFEST, check_whole, read_json, writing
from heedful.train.shares import share, whole
from heedful.train.tensor_files import Lazy, write_tensors

CHECKPOINTS = "checkpoints"  # where the folder of a training has them
STATE = "state.json"
NAME = re.compile(r"step-(\d{9})")

Tensors = Mapping[str, Tensor]


class Keeper:
    """Keeps the last `keep` checkpoints of one run in `folder`, one at least every `seconds`.

    `run` says what run it is (plan, data, sizes): a folder that holds another run's is refused. `notes` say
    which damaged checkpoints `latest` passed over.
    """

    def __init__(
        self, folder: Path, run: Mapping[str, Any], keep: int = 2, seconds: float = 120.0, every: int = 0
    ) -> None:
        self.folder, self.run, self.keep = folder, json.loads(json.dumps(run)), keep
        self.seconds, self.every = seconds, every
        self.notes: list[str] = []
        self.last = time.monotonic()

    def due(self, step: int) -> bool:
        """Is it time for the next one?"""
        return bool(self.every and step % self.every == 0) or time.monotonic() - self.last >= self.seconds

    def save(self, step: int, groups: Mapping[str, Tensors], state: Mapping[str, Any]) -> None:
        """Write the checkpoint of a step: each group of tensors as a file, and `state` as JSON."""
        with writing(self.folder / f"step-{step:09d}") as fresh:
            for name, tensors in groups.items():
                write_tensors(fresh / f"{name}.safetensors", tensors, whole)
            text = json.dumps({"run": self.run, "step": step, **state}, indent=1)
            (fresh / STATE).write_text(text, encoding="utf-8")
        self.last = time.monotonic()
        sweep(self.folder, self.keep)

    def latest(self) -> tuple[dict[str, Tensors], dict[str, Any]] | None:
        """Return groups (read as they are asked for) and state of the last whole checkpoint, if any."""
        self.notes.clear()
        found = steps(self.folder, self.notes)
        if not found:
            return None
        state = read_json(found[-1] / STATE, CheckpointError)
        if state.get("run") != self.run:
            raise another_run(self.folder.parent, state.get("run"), self.run)
        try:
            return {path.stem: Lazy(path) for path in sorted(found[-1].glob("*.safetensors"))}, state
        except SafetensorError as problem:
            raise CheckpointError(
                f"{found[-1]} is damaged ({problem}). Remove it to go on from the one before."
            ) from None

    def average(self, count: int) -> Tensors:
        """Return the mean weights of the last `count` scored checkpoints (Vaswani et al. 2017, section 6.1).

        Those that were written for their time alone do not count: the mean is to be the same every time.
        """
        states = ((path, read_json(path / STATE, CheckpointError)) for path in steps(self.folder))
        scored = [path for path, state in states if state.get("scored") == state["step"]][-count:]
        return Mean([Lazy(path / "model.safetensors") for path in scored])


class Mean(Mapping[str, Tensor]):
    """The means of the tensors of several files, each made when it is asked for."""

    def __init__(self, files: Sequence[Tensors]) -> None:
        self.files = files

    def __getitem__(self, name: str) -> Tensor:
        found = [one[name] for one in self.files]
        return torch.stack([one.double() for one in found]).mean(0).to(found[-1].dtype)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files[-1])

    def __len__(self) -> int:
        return len(self.files[-1])


def weights(module: nn.Module) -> dict[str, Tensor]:
    """Return every parameter and buffer once, what two parts share under its first name."""
    state = module.state_dict()
    names = [name for name, _ in [*module.named_parameters(), *module.named_buffers()] if name in state]
    return {name: state[name] for name in names}


@torch.no_grad()
def put_back(module: nn.Module, found: Tensors) -> None:
    """Overwrite the parameters and buffers with what `weights` returned, or with their whole values."""
    for name, value in weights(module).items():
        value.copy_(share(found[name], value))


def give(groups: Mapping[str, Tensors]) -> None:
    """Take part in what another process writes, in its order: give this one's shares."""
    for tensors in groups.values():
        for _, tensor in sorted(tensors.items()):
            whole(tensor)


def steps(folder: Path, notes: list[str] | None = None) -> list[Path]:
    """Return the whole checkpoints in a folder, the oldest first; half ones are passed over, and noted."""
    found = []
    for path in sorted(folder.glob("step-*")) if folder.is_dir() else []:
        if NAME.fullmatch(path.name) and (path / MANIFEST).is_file():
            try:
                check_whole(path)
            except CheckpointError as problem:
                if notes is not None:
                    notes.append(f"a damaged checkpoint is passed over: {problem}")
                continue
            found.append(path)
    return found


def sweep(folder: Path, keep: int) -> None:
    """Remove all but the last `keep` checkpoints, and what killed runs left half written or half removed."""
    for old in steps(folder)[:-keep]:
        old.rename(folder / f".{old.name}.gone")  # so that none is ever half under its name
    for rest in folder.glob(".step-*"):
        shutil.rmtree(rest, ignore_errors=True)


def another_run(folder: Path, theirs: Any, ours: Mapping[str, Any]) -> CheckpointError:
    """Return the error that a folder holds another run than the one that was asked for."""
    return CheckpointError(
        f"{folder} holds another run: {difference(theirs, ours)}. "
        "Name another folder, or give the same settings to go on with it."
    )


def difference(theirs: Any, ours: Mapping[str, Any]) -> str:
    """Say in words what differs first between two descriptions of a run."""
    if not isinstance(theirs, dict):
        return "its checkpoint does not say which"
    key = next(key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key))
    was, now = theirs.get(key), ours.get(key)
    if isinstance(was, dict) and isinstance(now, dict):
        return f"{key} {difference(was, now)}"
    return f"{key} was {was!r:.100}, now {now!r:.100}"
