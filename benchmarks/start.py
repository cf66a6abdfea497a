"""What a start costs: `import heedful`, `heedful --help`, and the weight of the install beyond torch."""

import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.machine import write

ROUNDS = 15
STARTS = {
    "python (nothing imported)": [sys.executable, "-c", "pass"],
    "import heedful": [sys.executable, "-c", "import heedful"],
    "heedful --help": [str(Path(sys.executable).parent / "heedful"), "--help"],
}


def run() -> dict[str, Any]:
    """Time whole processes, alternating, and weigh what `pip install heedful` brings."""
    seconds: dict[str, list[float]] = {name: [] for name in STARTS}
    for _ in range(ROUNDS):
        for name, command in STARTS.items():
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - begin)
    torch = needed("torch")
    beyond = {name: weight(name) for name in sorted(needed("heedful") - torch)}
    return {
        "seconds": {
            name: {"median": statistics.median(times), "least": min(times), "most": max(times)}
            for name, times in seconds.items()
        },
        "install_megabytes_beyond_torch": round(sum(beyond.values()), 1),
        "install_megabytes_of_torch": round(sum(map(weight, torch)), 1),
        "install_megabytes": {name: round(size, 1) for name, size in beyond.items()},
    }


def needed(name: str) -> set[str]:
    """Return the installed distributions that `name` needs, itself included, extras left out."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop().lower().replace("_", "-")
        if current in found:
            continue
        found.add(current)
        for line in metadata.requires(current) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def weight(name: str) -> float:
    """Return the megabytes of a distribution's files, with the compiled copies that pip writes."""
    files = metadata.files(name) or []
    return (
        sum(
            file.size or Path(str(file.locate())).stat().st_size
            for file in files
            if Path(str(file.locate())).exists()
        )
        / 1e6
    )


if __name__ == "__main__":
    print(write("start", run()))
