"""heedful.json: what a saved model is for, how it came about, and the README.md beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heedful.errors import CheckpointError
from heedful.storage import check_whole, read_json

CARD = "heedful.json"
FITTED = "model"  # where the folder of a training has its model
FORMAT = 1
Kinds = type | tuple[type, ...]
ALWAYS: dict[str, Kinds] = {"method": str, "params": dict, "state": dict}


def write_card(
    folder: Path, method: str, task: str, about: Mapping[str, Any], text: str, **more: Any
) -> None:
    """Put heedful.json and the README.md, whose body is `text`, into an open folder.

    `more` has `params` (settings of the estimator), `state` (what its files need), and what the task adds.
    """
    card = {"format": FORMAT, "method": method, "task": task, "params": {}, "state": {}, **more}
    card["about"] = dict(about)
    dumped = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / CARD).write_text(dumped, encoding="utf-8")
    lines = [f"- {key}: {value}" for key, value in about.items() if not isinstance(value, (dict, list))]
    (folder / "README.md").write_text("\n".join([text, "", *lines, ""]), encoding="utf-8")


def read_card(folder: Path, **kinds: Kinds) -> dict[str, Any]:
    """Return heedful.json of an artefact, checked for what every artefact has, and for `kinds`."""
    check_whole(folder)
    card: dict[str, Any] = read_json(folder / CARD, CheckpointError)
    wanted = {**ALWAYS, **kinds}
    given = card if isinstance(card, dict) else {}
    wrong = [key for key, kind in wanted.items() if not isinstance(given.get(key), kind)]
    if wrong:
        raise CheckpointError(
            f"{folder / CARD} lacks {wrong}; it is no artefact of Heedful, or a damaged one."
        )
    if card.get("format") != FORMAT:
        raise CheckpointError(
            f"{folder} has format {card.get('format')}; this version reads {FORMAT}. Upgrade Heedful."
        )
    card.setdefault("task", "classify")
    card.setdefault("stopped", None)
    card.setdefault("about", {})
    return card


def settings(card: Mapping[str, Any], folder: Path, method: str, allowed: set[str]) -> dict[str, Any]:
    """Return a card's settings, if it is of this method and names none but the allowed ones."""
    if card["method"] != method:
        raise CheckpointError(f"{folder} holds {card['method']!r}; expected {method!r}.")
    unknown = set(card["params"]) - allowed
    if unknown:
        raise CheckpointError(f"{folder}: unknown settings {sorted(unknown)}; known are {sorted(allowed)}.")
    found: dict[str, Any] = card["params"]
    return found


def is_artefact(folder: Path) -> bool:
    """Has the folder a card, or the old one that a crash put aside?"""
    return (folder / CARD).is_file() or (folder.parent / f".{folder.name}.old" / CARD).is_file()


def within(folder: Path) -> Path:
    """Return the artefact that a fit made inside a folder; any other folder as it is."""
    return folder / FITTED if is_artefact(folder / FITTED) and not is_artefact(folder) else folder
