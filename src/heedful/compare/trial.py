"""What a worker does: fit each seed, measure, keep the seed that is best on the development part."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.compare.results import Result
from heedful.compare.scores import accuracy, macro_f1
from heedful.errors import ConfigError
from heedful.estimator import Clock, TextClassifier
from heedful.types import Ints

Job = dict[str, Any]


@dataclass(frozen=True)
class Fit:
    """What one seed came to; the model itself is not kept in memory."""

    seed: int
    classes: list[str]
    temperature: float
    stopped: str | None
    logits: NDArray[np.float32]  # (N, C) of the test part
    truncated: float
    dev_macro_f1: float
    seconds: float
    cpu_seconds: float
    texts_per_second: float
    after_seconds: float  # spent on predicting


def try_method(job: Job) -> None:
    """Fit the seeds one by one; after each, artefact and result stand in the folder."""
    clock = Clock(job["ends_at"] - time.time())
    kind = _class(job["home"])
    seeds = job["seeds"] if kind.random else job["seeds"][:1]
    fits: list[Fit] = []
    for seed in seeds:
        if fits and clock.left() <= 0:
            break
        seconds = clock.left() / (len(seeds) - len(fits))
        seconds -= fits[-1].after_seconds if fits else (1 - kind.fit_share) * seconds
        model, fit = _fit(kind, job, seed, max(seconds, 0.1))
        fits.append(fit)
        best = max(fits, key=lambda fit: fit.dev_macro_f1)  # the first of equals
        if best is fit:
            model.save(Path(job["folder"]) / job["method"], about=_about(fit, job))
        del model  # two at a time would count as the method's memory
        last = len(fits) == len(seeds) or clock.left() <= 0
        _result(job, kind.random, len(seeds), fits, best, last).write(Path(job["folder"]))


def _class(home: str) -> type[TextClassifier]:
    module, _, name = home.partition(":")
    kind: type[TextClassifier] = getattr(import_module(module), name)
    return kind


def _fit(kind: type[TextClassifier], job: Job, seed: int, seconds: float) -> tuple[TextClassifier, Fit]:
    model = _made(kind, job, seed)
    texts, labels = job["train"]
    dev, dev_labels = job["dev"]
    start, cpu = time.perf_counter(), time.process_time()
    model.fit(texts, labels, dev=(dev, dev_labels) if dev else None, seconds=seconds)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    start = time.perf_counter()
    logits, speed = timed_logits(model, job["test"][0])
    classes = model.classes_.tolist()
    fit = Fit(
        seed=seed,
        classes=classes,
        temperature=model.temperature_,
        stopped=model.stopped_,
        logits=logits,
        truncated=model.truncated(job["test"][0]) / len(job["test"][0]),
        dev_macro_f1=0.0 if model.dev_logits_ is None else _score(model.dev_logits_, dev_labels, classes)[0],
        seconds=took,
        cpu_seconds=cpu,
        texts_per_second=speed,
        after_seconds=time.perf_counter() - start,
    )
    return model, fit


def _made(kind: type[TextClassifier], job: Job, seed: int) -> TextClassifier:
    try:
        return kind(**job["params"], **({"seed": seed} if kind.random else {}))
    except TypeError:
        known = ", ".join(kind._get_param_names())
        raise ConfigError(
            f"{job['method']} does not take {job['params']}; its settings are {known}."
        ) from None


def timed_logits(model: TextClassifier, texts: Sequence[str]) -> tuple[NDArray[np.float32], float]:
    """Return the logits (N, C) and the texts per second of a warm model (median of up to 5 passes)."""
    model.logits(texts[:32])
    seconds: list[float] = []
    while not seconds or (len(seconds) < 5 and sum(seconds) < 0.5):
        start = time.perf_counter()
        logits = model.logits(texts)
        seconds.append(time.perf_counter() - start)
    if np.isnan(logits).any():
        raise ConfigError("its scores are not numbers (NaN): training diverged. Try other settings.")
    return logits.astype(np.float32), len(texts) / max(median(seconds), 1e-9)


def _score(logits: NDArray[Any], labels: Sequence[str], classes: list[str]) -> tuple[float, float]:
    """Return macro-F1 and accuracy."""
    truth, predicted = codes(labels, classes), logits.argmax(axis=1)[None]
    return float(macro_f1(truth, predicted, len(classes))[0]), float(accuracy(truth, predicted)[0])


def codes(labels: Sequence[str], classes: Sequence[str]) -> Ints:
    """Return the place of each label among the classes: (N,)."""
    index = {name: i for i, name in enumerate(classes)}
    return np.array([index[label] for label in labels], dtype=np.int64)


def _about(fit: Fit, job: Job) -> dict[str, Any]:
    """Return what the artefact says of itself."""
    f1, share = _score(fit.logits, job["test"][1], fit.classes)
    return {
        **job["about"],
        "run": job["key"],
        "seed": fit.seed,
        "test_macro_f1": f1,
        "test_accuracy": share,
        "dev_macro_f1": fit.dev_macro_f1,
        "fit_seconds": fit.seconds,
    }


def _result(job: Job, random: bool, wanted: int, fits: list[Fit], best: Fit, finished: bool) -> Result:
    stopped = next((fit.stopped for fit in fits if fit.stopped), None)
    if finished and len(fits) < wanted:
        stopped = f"its time was over after {len(fits)} of {wanted} seeds."
    return Result(
        method=job["method"],
        key=job["key"],
        seeds=job["seeds"],
        random=random,
        minutes=job["minutes"],
        finished=finished,
        stopped=stopped,
        kept=best.seed,
        classes=best.classes,
        temperatures=[fit.temperature for fit in fits],
        dev_macro_f1=[fit.dev_macro_f1 for fit in fits],
        fit_seconds=fmean(fit.seconds for fit in fits),
        cpu_seconds=fmean(fit.cpu_seconds for fit in fits),
        texts_per_second=median(fit.texts_per_second for fit in fits),
        peak_memory_bytes=peak_memory_bytes(),
        truncated=best.truncated,
        logits=np.stack([fit.logits for fit in fits]),
    )


def peak_memory_bytes() -> int:
    """Return the most memory that this process has held at once.

    Linux says it in /proc; `ru_maxrss` there also counts the parent's memory at the time of the fork.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
