"""Compiles src/heedful/kernels/*.cpp at the installation; Heedful works without them where nothing can."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = Path("src") / "heedful" / "kernels"
LIBRARY = "heedful_kernels.so"
FLAGS = (
    "-O3", "-std=c++17", "-fPIC", "-fopenmp",
    "-mfma", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni",
)  # fmt: skip


class Kernels(BuildHookInterface[Any]):
    """Builds the library beside its sources and takes it along in the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        folder = Path(self.root) / KERNELS
        if self.target_name == "wheel" and built(folder):
            build_data.update(pure_python=False, infer_tag=True)
            build_data["artifacts"].append(str(KERNELS / LIBRARY))


def built(folder: Path) -> bool:
    """Compile and link; return whether there is a library now."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if not compiler or sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    objects = [source.with_suffix(".o") for source in sorted(folder.glob("*.cpp"))]
    try:
        for made in objects:
            run(compiler, *FLAGS, "-c", str(made.with_suffix(".cpp")), "-o", str(made))
        fresh = folder / f"{LIBRARY}.new"
        run(compiler, "-shared", *map(str, objects), "-o", str(fresh))  # without OpenMP: torch brings it
        fresh.replace(folder / LIBRARY)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the kernels could not be built ({error}); Heedful works without them.", file=sys.stderr)
        return False
    finally:
        for made in objects:
            made.unlink(missing_ok=True)
    return True


def run(*command: str) -> None:
    """Run a command; what it says is shown where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        done.check_returncode()
