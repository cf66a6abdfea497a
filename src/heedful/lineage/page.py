"""The story as one page that opens offline, and as a guide in Markdown: both are drawn from the runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heedful.lineage.outcome import Effort, Gate
from heedful.report.figures import duration
from heedful.report.machine import machine
from heedful.report.markup import facts, figure, grid, named, tag
from heedful.report.shell import shell, static
from heedful.report.svg import escape

if TYPE_CHECKING:
    from heedful.lineage.run import Run

STATIC = Path(__file__).parent / "static"
HEADS = ("measured", "paper", "here", "wanted", "")
ABOUT = (
    "Each technique is trained anew on its paper's own experiment, made small enough for two cores. "
    "Where a paper gives no figure, what is wanted is ours; a figure without it is told and not judged."
)


def page(runs: Sequence[Run], effort: Effort) -> str:
    """Return the page. It loads nothing, and its policy forbids that it could."""
    judged = [run for run in runs if run.outcome]
    pairs = [
        ("techniques", str(len(runs))),
        ("reach their figures", f"{sum(run.passed for run in judged)} of {len(judged)}"),
        ("first seed", str(effort.seed)), ("form", "short" if effort.short else "whole"),
        ("took", duration(sum(run.seconds for run in runs))),
    ]  # fmt: skip
    head = tag("p", "The lineage", class_="eyebrow") + tag("h1", "From one neuron to the transformer")
    header = tag("header", head + tag("p", ABOUT) + facts(pairs))
    foot = tag("footer", "Made by Heedful. Opens offline." + facts(named(machine()), "facts small"))
    body = header + tag("main", "".join(map(chapter, runs))) + foot
    return shell("The lineage: from one neuron to the transformer", body, static(STATIC / "lineage.css"))


def chapter(run: Run) -> str:
    """Return what there is to tell of one technique."""
    one = run.technique
    heading = tag("h2", f"{escape(one.title)} {tag('small', escape(one.authors))}")
    words = "".join(
        tag("div", tag("dt", name) + tag("dd", escape(said)))
        for name, said in (("Idea", one.idea), ("Added", one.added), ("Could not", one.limits))
    )
    paper = tag("p", escape(f"{one.paper}. Took {duration(run.seconds)}."), class_="note")
    content = heading + paper + tag("dl", words, class_="three")
    if run.outcome is None:
        return tag("section", content + tag("p", escape(f"Not run: {run.reason}")), id=one.name)
    table = grid(f"{one.title}: figures", HEADS, map(row, run.outcome.gates))
    drawn = "".join(figure(picture.svg, escape(picture.caption)) for picture in run.outcome.pictures)
    return tag("section", content + table + tag("div", drawn, class_="row"), id=one.name)


def row(gate: Gate) -> list[str]:
    """Return the cells of a figure."""
    cells = [escape(cell) for cell in (gate.what, gate.paper, gate.found(), gate.wanted())]
    kind = "passed" if gate.passed else "fell-short"
    return [*cells, tag("span", verdict(gate), class_=f"mark {kind}") if gate.judged else ""]


def verdict(gate: Gate) -> str:
    """Say whether a judged figure is where it has to be."""
    return ("reached" if gate.passed else "fell short") if gate.judged else ""


def guide(runs: Sequence[Run]) -> str:
    """Return the same in Markdown, without pictures."""
    parts = [
        "# The lineage: from one neuron to the transformer",
        f"{ABOUT}\n`heedful lineage NAME` repeats one of them; `heedful lineage all -o FOLDER` repeats all "
        "and adds pictures.",
    ]
    for run in runs:
        one = run.technique
        parts.append(f"## {one.title} ({one.authors})\n\n`heedful lineage {one.name}`: {one.paper}.")
        parts.append(f"- Idea: {one.idea}\n- Added: {one.added}\n- Could not: {one.limits}")
        if run.outcome is None:
            parts.append(f"Not run: {run.reason}")
            continue
        lines = ["| measured | paper | here | wanted | |", "|---|---|---|---|---|"]
        for gate in run.outcome.gates:
            cells = (gate.what, gate.paper, gate.found(), gate.wanted(), verdict(gate))
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        parts.append("\n".join(lines) + f"\n\nTook {duration(run.seconds)}.")
    return "\n\n".join(parts) + "\n"
