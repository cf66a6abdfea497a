"""Write the figures of `benchmarks/results` into the README, between its two marks."""

import json
from pathlib import Path
from typing import Any

from benchmarks import searched, trained
from benchmarks.machine import RESULTS

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
TITLES = {
    "sst": "SST-2, movie-review sentences",
    "trec": "TREC-6, questions in six classes",
    "hate": "Hate speech, tweets in three skewed classes",
}


def figures() -> str:
    """Return the section, from whatever results there are."""
    parts = [board(path) for path in (RESULTS / f"compare-{name}.json" for name in TITLES) if path.exists()]
    parts += [start()] if (RESULTS / "start.json").exists() else []
    tables = [trained.table("training", trained.SOURCES), trained.table("vectors", searched.SOURCES)]
    return "\n\n".join([*parts, *filter(None, tables)])


def board(path: Path) -> str:
    """Return one leaderboard as a table, best first."""
    found = json.loads(path.read_text(encoding="utf-8"))
    split, machine = found["split"], found["machine"]
    dropped = ", ".join(f"{rows} test rows {why}" for why, rows in split["dropped"].items()) or "no leaks"
    minutes = found["wall_seconds"] / 60
    about = (
        f"**{TITLES[found['name'].partition('-')[2]]}**: {found['data']['rows']:,} rows, test as published "
        f"({split['test']:,} rows scored; {dropped}), {len(found['seeds'])} seeds, {minutes:.0f} minutes "
        f"in all on {machine['cores']} cores ({machine['cpu']}), {found['date']}."
    )
    head = (
        "| method | macro-F1 | 95 % interval | accuracy | fit, s | texts/s | |\n|---|---|---|---|---|---|---|"
    )
    methods = [item for item in found["methods"] if item.get("macro_f1")]
    rows = [row(item, found) for item in sorted(methods, key=lambda item: -item["macro_f1"]["value"])]
    return "\n".join([about, "", head, *rows])


def row(item: dict[str, Any], found: dict[str, Any]) -> str:
    """Return one method's line."""
    notes = [word for word in ("best", "recommended") if found[word] == item["name"]]
    notes += ["stopped by its time"] if item["status"] == "stopped" else []
    f1 = item["macro_f1"]
    cells = (
        f"`{item['name']}`",
        f"{f1['value']:.3f}",
        f"{f1['low']:.3f} to {f1['high']:.3f}",
        f"{item['accuracy']['value']:.3f}",
        f"{item['fit_seconds']:.0f}",
        f"{item['texts_per_second']:,.0f}",
        ", ".join(notes),
    )
    return f"| {' | '.join(cells)} |"


def start() -> str:
    """Return what a start and the install cost."""
    found = json.loads((RESULTS / "start.json").read_text(encoding="utf-8"))
    times = (
        f"`{name}` {took['median']:.2f} s" for name, took in found["seconds"].items() if "heedful" in name
    )
    weight = found["install_megabytes_beyond_torch"]
    return (
        f"A start: {'; '.join(times)} (median of whole processes). "
        f"The base install weighs {weight:.0f} MB beyond torch."
    )


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{figures()}\n{END}{after}", encoding="utf-8")
