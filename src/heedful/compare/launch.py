"""Starts a worker, gives it its job, waits for its end or its time, says in a sentence what went wrong."""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from heedful.compare.results import Result


def run_method(job: dict[str, Any], limit_seconds: float) -> tuple[Result | None, str | None]:
    """Return the result and, if training ended early or gave nothing, why. No worker outlives the call."""
    folder, name = Path(job["folder"]), job["method"]
    why, in_time = _wait(job, limit_seconds)
    result = Result.read(folder, name)
    if result is not None and (result.key != job["key"] or not result.artefact_fits(folder)):
        result = None
    if in_time:
        if why is None and (result is None or not result.finished):
            why = "its result cannot be read back: is the disk full?"
        return (None, why) if why else (result, result.stopped if result else None)
    if result is None:
        return None, f"it ran out of its {job['seconds']:.0f} seconds before the first result."
    done = len(result.logits)
    why = f"its {job['seconds']:.0f} seconds were over after {done} of {len(job['seeds'])} seeds."
    result = replace(result, finished=True, stopped=why)
    result.write(folder)
    return result, why


def _wait(job: dict[str, Any], limit_seconds: float) -> tuple[str | None, bool]:
    """Run the worker to its end; return why it failed (None: it did not) and whether it ended by itself."""
    command = [sys.executable, "-P", "-m", "heedful.compare.worker", job["method"], job["folder"]]
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=errors, stderr=errors, start_new_session=True
        )
        try:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(job).encode() + b"\n")  # type: ignore[union-attr]
                child.stdin.flush()  # type: ignore[union-attr]
            code = child.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            return None, False
        finally:
            child.kill()
            child.wait()
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()  # type: ignore[union-attr]
        return (_reason(code, errors) if code else None), True


def _reason(code: int, errors: IO[bytes]) -> str:
    if code < 0:
        hint = " The machine probably ran out of memory." if -code == signal.SIGKILL else ""
        return f"its process was ended by {signal.Signals(-code).name}.{hint}"
    size = errors.seek(0, 2)
    errors.seek(max(0, size - 4000))
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip()[:500] if lines else f"its process ended with code {code} and said nothing."
