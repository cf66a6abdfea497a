"""report.html of a training: its curves and figures as one page that opens offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heedful.report import figures
from heedful.report.machine import installed
from heedful.report.markup import facts as listed
from heedful.report.markup import figure, folded, grid, named, part, tag
from heedful.report.shell import shell, static
from heedful.report.svg import escape
from heedful.storage import replacing
from heedful.train import curves

STYLE = Path(__file__).parent / "static" / "run.css"
LOSS = "loss"  # the dev figure that is drawn with the training's own
OPEN = 30  # rows of a table that is not folded
Pairs = Sequence[tuple[str, str]]


def write_report(
    file: Path,
    title: str,
    metrics: Sequence[Mapping[str, Any]],
    facts: Mapping[str, object],
    baselines: Mapping[str, float],
    examples: Pairs = (),
    *,
    axis: str = "loss",
    measure: str | None = None,
) -> None:
    """Write the page, whole or not at all.

    `metrics` are the lines of `read_metrics`, `facts` names and values (a mapping in it is a group with a
    heading), `examples` pairs of what was given and what came of it. `axis` says what the loss is, with its
    unit; `measure` which dev figure the `baselines` are of (None: the loss, or else the first).
    """
    run = Run(metrics, baselines, axis, measure)
    with replacing(file) as fresh:
        fresh.write_text(page(run, title, facts, examples), encoding="utf-8")


class Run:
    """The metrics of a run, taken apart."""

    def __init__(
        self,
        metrics: Sequence[Mapping[str, Any]],
        baselines: Mapping[str, float],
        axis: str = "loss",
        measure: str | None = None,
    ) -> None:
        self.steps = [line for line in metrics if "dev" not in line]
        self.scored = list[tuple[Mapping[str, Any], Mapping[str, Any]]]()  # with the training line before
        before: Mapping[str, Any] = {}
        for line in metrics:
            if isinstance(line.get("dev"), Mapping):
                self.scored.append((line, before))
            else:
                before = line
        self.scores = curves.scores([line for line, _ in self.scored])
        self.losses = curves.series(self.steps, "loss")
        self.axis = axis
        self.measure = measure or (LOSS if LOSS in self.scores else next(iter(self.scores), LOSS))
        kept = {name: figures.finite(value) for name, value in baselines.items()}
        self.baselines = {name: value for name, value in kept.items() if value is not None}

    def beside(self, name: str) -> dict[str, float]:
        """Return the baselines that belong to a dev figure."""
        return self.baselines if name == self.measure else {}

    def last(self, name: str) -> float | None:
        """Return the last figure of that name in the training lines."""
        known = (figures.finite(line.get(name)) for line in reversed(self.steps))
        return next((value for value in known if value is not None), None)


def page(run: Run, title: str, facts: Mapping[str, object], examples: Pairs = ()) -> str:
    """Return the page."""
    story = (pictured(run), measured(run), hows(run), table(run), shown(examples), setup(facts))
    version = installed("heedful")
    made = f"Made by Heedful {version}" if version else "Made by Heedful"
    last = tag("footer", tag("p", escape(f"{made}. This page is complete in itself: it loads nothing.")))
    return shell(title, head(run, title) + tag("main", "".join(story)) + last, static(STYLE))


def head(run: Run, title: str) -> str:
    """What came of it: where each curve ends."""
    pairs = [
        ("Steps", figures.count(run.last("step"))),
        ("Tokens", figures.rate(run.last("tokens"))),
        ("Time", figures.duration(run.last("seconds"))),
        ("Training loss", figures.number(final(curves.smooth(run.losses)))),
        *((f"Dev {name}", figures.number(final(points))) for name, points in run.scores.items()),
        *((f"{name}, on dev", figures.number(value)) for name, value in run.baselines.items()),
    ]
    heading = tag("p", "Heedful training", class_="eyebrow") + tag("h1", escape(title))
    return tag("header", heading + listed(pairs))


def final(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the last value, None where it is not a number."""
    return figures.finite(points[-1][1]) if points else None


def pictured(run: Run) -> str:
    """The losses."""
    if not run.losses and LOSS not in run.scores:
        return part("loss", "Loss", tag("p", "No step was noted."))
    picture, off = curves.losses(run.losses, run.scores.get(LOSS, []), run.axis, run.beside(LOSS))
    sentences = []
    if (wide := curves.window(len(run.losses))) > 1:
        sentences.append(
            f"Faint: the training loss as it was noted. The line is its mean over {wide} neighbours, "
            f"at the end over the last {wide // 2 + 1}."
        )
    if run.scores.get(LOSS):
        sentences.append("Dots: the loss on the dev part.")
    if run.beside(LOSS):
        sentences.append("Dashed: what simpler models reach there.")
    if off:
        written = ", ".join(f"{name} {figures.number(run.baselines[name])}" for name in sorted(off))
        sentences.append(f"Off the scale: {written}.")
    return part("loss", "Loss", figure(picture, escape(" ".join(sentences)), "wide"))


def measured(run: Run) -> str:
    """The other figures of the dev part."""
    pictures = ""
    for name, points in run.scores.items():
        if name != LOSS:
            beside = run.beside(name)
            words = f"{name} on the dev part." + (" Dashed: what simpler models reach." if beside else "")
            pictures += figure(curves.measured(name, points, beside), escape(words))
    return part("dev", "On the dev part", tag("div", pictures, class_="pair") if pictures else "")


def hows(run: Run) -> str:
    """The learning rate and the pace."""
    drawn = (
        (curves.rates(run.steps), "The learning rate at each step."),
        (curves.pace(run.steps), "Tokens a second, over the time of training."),
    )
    pictures = "".join(figure(picture, caption) for picture, caption in drawn if picture)
    return part("pace", "Rate and pace", tag("div", pictures, class_="pair") if pictures else "")


def table(run: Run) -> str:
    """The evaluations and the baselines as figures."""
    names = list(run.scores)
    rows = [row(line, before, names) for line, before in run.scored]
    for name, value in run.baselines.items():
        cells = [figures.number(value) if one == run.measure else "" for one in names or [run.measure]]
        rows.append([escape(name), "", "", *cells])
    heads = ["Step", "Time", "Training loss", *(f"Dev {name}" for name in names or [run.measure])]
    if not rows:
        return ""
    content = grid("Evaluations and baselines", heads, rows, "evaluations")
    folds = len(rows) > OPEN
    return part("figures", "Figures", folded(f"All {len(rows)} rows", content) if folds else content)


def row(line: Mapping[str, Any], before: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Write an evaluation beside the last training line before it."""
    values = [figures.number(figures.finite(line["dev"].get(name))) for name in names]
    return [
        f"{line['step']:,}",
        figures.duration(figures.finite(before.get("seconds"))),
        figures.number(figures.finite(before.get("loss"))),
        *values,
    ]


def shown(examples: Pairs) -> str:
    """What the model makes of something."""
    blocks = [
        tag("p", escape(given), class_="given") + tag("pre", escape(made), tabindex="0")
        for given, made in examples
    ]
    return part("examples", "Examples", "".join(tag("div", block, class_="example") for block in blocks))


def setup(facts: Mapping[str, object]) -> str:
    """What it was trained on, with what, and where."""
    groups = {name: value for name, value in facts.items() if isinstance(value, Mapping)}
    alone = {name: value for name, value in facts.items() if name not in groups}
    content = listed(named(alone), "facts small") if alone else ""
    for name, value in groups.items():
        content += tag("h3", escape(name)) + listed(named(value), "facts small")
    return part("setup", "How it was trained", content)
