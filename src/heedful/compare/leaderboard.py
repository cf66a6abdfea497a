"""The outcome of a comparison: a JSON document, its ranking, and the page made from it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from heedful.errors import DataError
from heedful.models import LEADERBOARD
from heedful.storage import read_json, replacing

PAGE = "report.html"


class Leaderboard:
    """What each method scored and cost on one table.

    `document` is leaderboard.json as a dict, `rows` its methods (best first), `best_` the name of the method
    with the highest macro-F1, `recommended_` that of the fastest one whose difference to it may be chance.
    Both are None while no method has finished. `rows[i]["artefact"]` is the folder for `heedful.load`.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        _check(document)
        self.document = dict(document)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The methods, highest macro-F1 first, those without a score last."""
        return sorted(self.document["methods"], key=_place)

    @property
    def best_(self) -> str | None:
        """The method with the highest macro-F1."""
        best: str | None = self.document["best"]
        return best

    @property
    def recommended_(self) -> str | None:
        """The fastest method whose paired interval against the best includes 0."""
        recommended: str | None = self.document["recommended"]
        return recommended

    def save(self, folder: Path | str) -> None:
        """Write leaderboard.json and report.html; each is replaced whole."""
        from heedful.compare.report import report

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.document, indent=1, ensure_ascii=False, allow_nan=False)
        for name, whole in ((LEADERBOARD, text + "\n"), (PAGE, report(self.document))):
            with replacing(folder / name) as fresh:
                fresh.write_text(whole, encoding="utf-8", errors="backslashreplace")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote: the folder, or leaderboard.json itself."""
        path = Path(folder)
        path = path / LEADERBOARD if path.is_dir() else path
        try:
            return cls(read_json(path, DataError))
        except DataError as problem:
            raise DataError(f"{path} is no leaderboard of Heedful: {problem}") from None

    def _repr_html_(self) -> str:
        from heedful.compare.report import fragment

        return fragment(self.document)

    def __repr__(self) -> str:
        scores = ", ".join(f"{row['name']} {_score(row)}" for row in self.rows)
        return f"Leaderboard(best={self.best_!r}, recommended={self.recommended_!r}: macro-F1 {scores})"


def _check(document: Any) -> None:
    """Raise DataError unless the keys that everything builds on are there."""
    kinds = {"data": dict, "split": dict, "methods": list}
    wrong = [key for key, kind in kinds.items() if not isinstance(_get(document, key), kind)]
    if wrong:
        raise DataError(f"{', '.join(wrong)} missing or of the wrong kind; run `heedful compare` again.")
    unnamed = [row for row in document["methods"] if not isinstance(_get(row, "name"), str)]
    if unnamed:
        raise DataError("a method without a name; run `heedful compare` again.")
    names = [row["name"] for row in document["methods"]]
    for key in ("best", "recommended"):
        if document.get(key, "") is not None and document.get(key) not in names:
            raise DataError(f"{key!r} names no method of the list; run `heedful compare` again.")


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _place(row: Mapping[str, Any]) -> float:
    value = _get(row.get("macro_f1"), "value")
    return -value if isinstance(value, (int, float)) else 1.0


def _score(row: Mapping[str, Any]) -> str:
    value = _get(row.get("macro_f1"), "value")
    return str(row.get("status")) if value is None else f"{value:.3f}"
