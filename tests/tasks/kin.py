"""Small tables of texts that belong together."""

import json
from pathlib import Path
from typing import Any

NAMES = ["river", "sea", "shell", "bank", "shore", "bus", "tree", "moon", "star", "cup", "hat", "fox"]


def table(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return str(path)


def pairs(count: int = 160) -> list[dict[str, Any]]:
    return [
        {"query": f"{NAMES[i % 12]} {i}", "document": f"all about number {i} of the {NAMES[i % 12]}"}
        for i in range(count)
    ]


def graded(count: int = 160) -> list[dict[str, Any]]:
    found = []
    for i in range(count):
        one, other = NAMES[i % 12], NAMES[(i + (i // 12) % 2 * 5) % 12]
        same = float(one == other)
        found.append({"sentence1": f"the {one} of {i}", "sentence2": f"{other} {i} x", "score": 5 * same})
    return found
