"""The opening of leaderboard.json: what is known before any training."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from heedful.compare.rank import SHOWN_CHARACTERS
from heedful.data.checks import Inspection
from heedful.data.splits import Split
from heedful.data.table import Table
from heedful.report.machine import machine

SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".lines"}
IN_MEMORY = "the table"  # the source of a table that came as an object
LEAKS_SHOWN = 50
EXAMPLES_SHOWN = 20


def opening(
    table: Table,
    test: Table | None,
    found: Inspection,
    parts: Split,
    *,
    seeds: int,
    minutes: float,
    leaks: str,
) -> dict[str, Any]:
    """Return the document as it is before the first method; `fingerprint` names the texts and labels."""
    tested_notes = test.notes if test else []
    return {
        "name": "table" if table.source == IN_MEMORY else stem(table.source),
        "data": {
            **found.counts,
            "test_rows": found.test_rows,
            "skipped": skipped(table, test),
            "truncated": None,
        },
        "split": {**parts.counts, "seed": parts.seed, "leaks": leaks, **fate(parts)},
        "methods": [],
        "best": None,
        "recommended": None,
        "classes": class_counts(parts),
        "columns": {"text": table.text_column, "label": table.label_column},
        **examples(table, test, found),
        "notes": [*dict.fromkeys([*table.notes, *tested_notes, *found.notes, *parts.notes])],
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": 0.0,
        "minutes": minutes,
        "seeds": list(range(seeds)),
        "metric": "macro_f1",
        "fingerprint": table.fingerprint,
        "test_fingerprint": test.fingerprint if test else None,
    }


def fate(parts: Split) -> dict[str, Any]:
    """Return where the test part came from and what was left out of it."""
    return {"published": parts.published, "dropped": parts.dropped}


def stem(source: str) -> str:
    """Return a name for the table and for its folder: `reviews` for `data/reviews.csv.gz`."""
    path = Path(source)
    while path.suffix.lower() in SUFFIXES:
        path = path.with_suffix("")
    return "".join(c if c.isalnum() or c in "-_. " else "-" for c in path.name).strip(" .") or "table"


def skipped(table: Table, test: Table | None) -> dict[str, int]:
    """Return how many rows of both tables were left out, by reason."""
    return dict(Counter(table.skipped) + Counter(test.skipped if test else {}))


def shown(text: str) -> str:
    """Cut a text for the report."""
    return text[:SHOWN_CHARACTERS]


def class_counts(parts: Split) -> list[dict[str, Any]]:
    """Return the rows of each class in each part."""
    train, dev, test = (Counter(part.labels) for part in (parts.train, parts.dev, parts.test))
    return [
        {"name": name, "train": train[name], "dev": dev[name], "test": test[name]} for name in sorted(train)
    ]


def examples(table: Table, test: Table | None, found: Inspection) -> dict[str, Any]:
    """Return the first leaks, duplicates and conflicts, to be shown in the report."""
    return {
        "leaks": leak_examples(table, test, found),
        "duplicates_examples": [
            {"rows": [table.rows[j], table.rows[i]], "text": shown(table.texts[i])}
            for i, j in found.duplicates[:EXAMPLES_SHOWN]
        ],
        "conflict_examples": [conflict(table, rows) for rows in found.conflicts[:EXAMPLES_SHOWN]],
    }


def leak_examples(table: Table, test: Table | None, found: Inspection) -> list[dict[str, Any]]:
    """Return test rows that stand in train, exact ones first."""
    if test is None:
        return []
    pairs = [
        *(("exact", *pair) for pair in found.leaks_exact),
        *(("near", *pair) for pair in found.leaks_near),
    ]
    return [
        {"test_row": test.rows[i], "train_row": table.rows[j], "kind": kind, "text": shown(test.texts[i])}
        for kind, i, j in pairs[:LEAKS_SHOWN]
    ]


def conflict(table: Table, rows: Iterable[int]) -> dict[str, Any]:
    """Return a text that carries several labels."""
    places = list(rows)
    return {
        "rows": [table.rows[i] for i in places[:10]],
        "labels": sorted({table.labels[i] for i in places}),
        "text": shown(table.texts[places[0]]),
    }
