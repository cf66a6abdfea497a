"""The lineage's experiments, whole: their figures as a result, and docs/lineage.md.

python -m benchmarks.lineage [NAME ...]     those named are run, what is known of the others is kept
"""

import json
import sys
from pathlib import Path

from benchmarks.machine import DATA, RESULTS, write
from heedful.lineage.outcome import Effort
from heedful.lineage.page import guide
from heedful.lineage.run import Run, every
from heedful.lineage.story import TECHNIQUES, named

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "lineage.md"


def run(names: list[str]) -> Path:
    """Run the techniques that are named, write all that is known."""
    path, known = RESULTS / "lineage.json", dict[str, Run]()
    if path.exists():
        saved = json.loads(path.read_text(encoding="utf-8"))["techniques"]
        known = {one["name"]: Run.read(one) for one in saved if one["name"] in TECHNIQUES}
    for one in every([named(name) for name in names], Effort(data=DATA), strict=True):
        known[one.technique.name] = one
        print(
            one.technique.name, "reached" if one.passed else "fell short", f"{one.seconds:.0f} s", flush=True
        )
        runs = [known[name] for name in TECHNIQUES if name in known]
        GUIDE.write_text(guide(runs), encoding="utf-8")
        path = write("lineage", {"techniques": [each.document() for each in runs]})
    return path


if __name__ == "__main__":
    print(run(sys.argv[1:] or list(TECHNIQUES)))
