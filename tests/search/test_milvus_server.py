"""A real Milvus server, in a network of its own."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("milvus_server.py")


@pytest.mark.slow
def test_a_real_server_finds_forgets_and_is_mended(tmp_path: Path) -> None:
    if importlib.util.find_spec("milvus") is None:
        pytest.skip("the server is not installed: pip install --no-deps milvus==2.3.5")
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-n", "true"], capture_output=True).returncode:
        pytest.skip("no network of its own can be made here (unshare -n), and the server listens everywhere")
    paths = os.pathsep.join([str(SCRIPT.parent), *sys.path])
    done = subprocess.run(
        [unshare, "-n", sys.executable, SCRIPT, tmp_path / "server", tmp_path / "index"],
        capture_output=True, text=True, timeout=600, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "searched\n"), done.stderr[-2000:]
