"""What figures were measured on."""

import json
import os

import torch

from heedful import __version__
from heedful.report.machine import installed, machine


def test_it_names_this_machine_and_what_runs_on_it() -> None:
    found = machine()
    assert found["heedful"] == __version__ and found["torch"] == torch.__version__
    assert found["cores"] == len(os.sched_getaffinity(0)) and found["memory_bytes"] > 1 << 28
    assert found["cpu"] and found["system"] and json.loads(json.dumps(found)) == found


def test_what_is_not_installed_has_no_version() -> None:
    assert installed("no-such-package-anywhere") is None
