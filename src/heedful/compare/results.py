"""What a method's run leaves in FOLDER/.results/METHOD: its answers on the test part and what it cost."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from heedful.artefact import read_card
from heedful.errors import CheckpointError
from heedful.storage import check_whole, read_json, writing

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Result:
    """The seeds that a method has finished, in order; figures without a list are means over them."""

    method: str
    key: str  # names the data, the split, the method and its settings
    seeds: list[int]  # asked for
    random: bool  # does a seed change the outcome? If not, one seed was run.
    minutes: float  # of the whole run that it was part of
    finished: bool  # False: the worker meant to go on
    stopped: str | None  # why training ended early
    kept: int  # the seed that the artefact holds
    classes: list[str]
    temperatures: list[float]
    dev_macro_f1: list[float]
    fit_seconds: float
    cpu_seconds: float  # of one fit
    texts_per_second: float
    peak_memory_bytes: int
    truncated: float  # share of the test texts
    logits: NDArray[np.float32]  # (S, N, C) of the test part

    def write(self, folder: Path) -> None:
        """Put the result under the leaderboard's folder, whole or not at all."""
        figures = {**asdict(replace(self, logits=None)), "format": FORMAT}  # type: ignore[arg-type]
        del figures["logits"]
        with writing(home(folder, self.method)) as fresh:
            save_file({"logits": self.logits}, fresh / "logits.safetensors")
            (fresh / "result.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False), "utf-8")

    @classmethod
    def read(cls, folder: Path, method: str) -> Self | None:
        """Return what was written; None if there is nothing, or nothing that can be used."""
        place = home(folder, method)
        try:
            check_whole(place)
            figures: dict[str, Any] = read_json(place / "result.json", CheckpointError)
            if figures.pop("format") != FORMAT:
                return None
            return cls(**figures, logits=load_file(place / "logits.safetensors")["logits"])
        except (CheckpointError, SafetensorError, OSError, TypeError, KeyError, AttributeError):
            return None

    def artefact_fits(self, folder: Path) -> bool:
        """Is the artefact beside it whole, and of this very fit?"""
        try:
            about = read_card(folder / self.method)["about"]
        except CheckpointError:
            return False
        return bool(about.get("run") == self.key and about.get("seed") == self.kept)

    def serves(self, key: str, seeds: list[int], minutes: float) -> bool:
        """Would a run with this key, these seeds and this time come to the same result?"""
        same = self.finished and self.key == key and (self.seeds == seeds or not self.random)
        return same and (self.stopped is None or minutes <= self.minutes)


def home(folder: Path, method: str) -> Path:
    """Return the folder of a method's result."""
    return folder / ".results" / method
