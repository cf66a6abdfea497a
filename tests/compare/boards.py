"""A leaderboard document such as a run writes, with hostile texts in it."""

import random
from typing import Any

NAMES = [
    "World",
    "Sports",
    "Business",
    "Science and technology",
    "Music",
    "Geography",
    "<b>Law</b>",
    "كرة القدم",
    "医学",
    "Films",
    "Food & drink",
]
FIGURES = {  # macro-F1, texts per second, fit seconds, memory, artefact, energy
    "majority": (0.34, 2_400_000.0, 0.004, 310e6, 2100, 0.1),
    "bayes": (0.80, 41_000.0, 1.9, 420e6, 3.1e6, 21.0),
    "ngram": (0.81, 38_000.0, 9.6, 510e6, 4.4e6, 150.0),
    "word2vec": (0.79, 52_000.0, 21.0, 640e6, 8.2e6, 410.0),
    "lstm": (0.82, 6_300.0, 95.0, 1.2e9, 11e6, 1900.0),
    "probe": (0.881, 1_240.0, 14.0, 0.9e9, 91.4e6, 280.0),
    "neighbours": (0.84, 1_190.0, 12.5, 0.9e9, 101.2e6, 260.0),
}
NOTES = [
    "Took `sentence` as the text and `label` as the label.",
    "Read as Windows-1252: 4 broken bytes <mended>.",
]
HOSTILE = [
    "<script>alert('x')</script> & \"quotes\"",
    "word" * 90,
    "هذا نص من اليمين إلى اليسار مع English في الوسط",
    "so good 😀👩‍👩‍👧‍👦🏳️‍🌈 …",
    "null \x00 escape \x1b[31mred\x1b[0m \u202eoverride \ud800 alone",
    "]]><!-- </style></title> --> &lt;b&gt;",
    "",
]


def board(classes: int = 2, seed: int = 0) -> dict[str, Any]:
    """Return a whole document: nine methods, of which one stopped and one failed."""
    draw = random.Random(seed)
    names = (NAMES + [f"class number {i}" for i in range(len(NAMES), classes)])[:classes]
    if classes == 2:
        names = ["0", "1"]
    counts = [round(1821 / classes * draw.uniform(0.5, 1.5)) for _ in names]
    methods = [method(name, names, counts, draw) for name in FIGURES]
    methods.append(method("finetune", names, counts, draw, (0.893, 131.0, 610.0, 2.3e9, 91.5e6, 12_400.0)))
    methods[-1] |= {"status": "stopped", "why": "stopped after epoch 2 of 4: its share of 640 s was used up."}
    methods.append(
        {"name": "fewshot", "status": "failed", "why": "no model minilm: run: heedful fetch minilm <now>"}
    )
    return {
        "name": "sst.tsv",
        "data": {
            "rows": 9613,
            "classes": classes,
            "duplicates": 76,
            "near_duplicates": 241,
            "conflicts": 3,
            "leaks_exact": 10,
            "leaks_near": 23,
            "truncated": 57,
            "test_rows": 1854,
            "skipped": {"empty text": 3, "too few columns": 1},
        },
        "split": {
            "train": 6920,
            "dev": 872,
            "test": sum(counts),
            "seed": 0,
            "leaks": "drop",
            "published": True,
        },
        "methods": methods,
        "best": "finetune",
        "recommended": "probe",
        "classes": [
            {"name": n, "train": 4 * c, "dev": c // 2, "test": c} for n, c in zip(names, counts, strict=True)
        ],
        "columns": {"text": "sentence", "label": "label"},
        "notes": list(NOTES),
        "machine": {
            "cpu": "Intel Xeon",
            "cores": 2,
            "memory_bytes": 8.2e9,
            "heedful": "0.1.0",
            "torch": "2.13.0",
        },
        "date": "2026-11-21T23:45:34+00:00",
        "seconds": 1104.2,
        "minutes": 30,
        "seeds": [0, 1, 2],
        "metric": "macro_f1",
        "leaks": [
            {"test_row": 7 + i, "train_row": 90 + i, "kind": "exact" if i % 3 else "near", "text": text}
            for i, text in enumerate(HOSTILE)
        ],
        "duplicates_examples": [{"rows": [3, 17], "text": HOSTILE[0]}],
        "conflict_examples": [{"rows": [5, 9], "labels": names[:2], "text": HOSTILE[2]}],
    }


def method(
    name: str, names: list[str], counts: list[int], draw: random.Random, figures: Any = None
) -> dict[str, Any]:
    """Return one finished method whose figures agree with each other as in a real run."""
    f1, rate, fit, memory, artefact, joules = figures or FIGURES[name]
    behind, gain = f1 - 0.893, 0.17 if name == "majority" else 0.004
    fixed = name in ("majority", "bayes", "ngram", "probe", "neighbours")
    return {
        "name": name,
        "status": "done",
        "why": None,
        "macro_f1": scored(f1, 0.014, fixed, draw),
        "accuracy": scored(f1 + gain, 0.013, fixed, draw),
        "delta": {
            "value": behind,
            "low": behind - 0.011 * (behind < 0),
            "high": behind + 0.0125 * (behind < 0),
        },
        "ece": 0.081 * draw.random(),
        "ece_calibrated": 0.02 * draw.random(),
        "fit_seconds": fit,
        "texts_per_second": rate,
        "peak_memory_bytes": int(memory),
        "artefact_bytes": int(artefact),
        "artefact": f"sst compare/{name}",
        "truncated": 0.0313 if name in ("finetune",) else 0.0,
        "energy_joules": joules,
        "confusion": confusion(name, f1, counts, draw),
        "reliability": {"before": bins(0.12, draw), "after": bins(0.03, draw)},
        "hardest": [
            {
                "row": 100 + 7 * i,
                "text": text,
                "true": names[i % len(names)],
                "predicted": names[(i + 1) % len(names)],
                "probability": 0.0004 * 3**i,
            }
            for i, text in enumerate(HOSTILE)
        ],
    }


def scored(value: float, reach: float, fixed: bool, draw: random.Random) -> dict[str, Any]:
    seeds = [value] if fixed else [value + draw.uniform(-0.008, 0.008) for _ in range(3)]
    return {"value": value, "low": value - reach, "high": value + 0.9 * reach, "seeds": seeds}


def confusion(name: str, f1: float, counts: list[int], draw: random.Random) -> list[list[float]]:
    """Most of each row on the diagonal, the rest spread unevenly; majority puts all into the first column."""
    if name == "majority":
        return [[float(n)] + [0.0] * (len(counts) - 1) for n in counts]
    lines = []
    for i, n in enumerate(counts):
        weights = [draw.random() ** 3 for _ in counts]
        weights[i] = 0.0
        missed = n * (1 - f1)
        total = sum(weights) or 1.0
        line = [round(missed * w / total * 3) / 3 for w in weights]
        line[i] = round(n - sum(line), 3)
        lines.append(line)
    return lines


def bins(gap: float, draw: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"confidence": None, "accuracy": None, "count": 0} for _ in range(7)]
    for i in range(7, 15):
        middle = (i + 0.5) / 15
        right = min(max(middle - gap * draw.uniform(0.5, 1.5), 0.0), 1.0)
        found.append({"confidence": middle, "accuracy": right, "count": 20 + 60 * (i - 7)})
    return found


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything inside a document."""
    found = [way] if way else []
    keys = (
        value.keys()
        if isinstance(value, dict)
        else range(min(len(value), 3))
        if isinstance(value, list)
        else ()
    )
    for key in keys:
        found += places(value[key], (*way, key))
    return found


def damaged(document: dict[str, Any], ways: list[tuple[Any, ...]], filler: Any) -> dict[str, Any]:
    """Put `filler` at the end of each way, or take it away where the filler is `...`."""
    for way in ways:
        inner: Any = document
        for key in way[:-1]:
            inner = step(inner, key)
        if isinstance(inner, dict) and way[-1] in inner:
            if filler is ...:
                del inner[way[-1]]
            else:
                inner[way[-1]] = filler
        elif isinstance(inner, list) and isinstance(way[-1], int) and way[-1] < len(inner):
            inner[way[-1]] = None if filler is ... else filler
    return document


def step(value: Any, key: Any) -> Any:
    """Go one step into a document, None where there is no such place."""
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None
