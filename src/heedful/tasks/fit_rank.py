"""Training a cross-encoder from tables to a folder: positives, mined negatives or grades, and its scores."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heedful import __version__
from heedful.artefact import write_card
from heedful.core.config import check_sizes
from heedful.data.likes import Likes, read_likes
from heedful.data.likes_division import Parted, part
from heedful.data.parallel import folded
from heedful.errors import ConfigError
from heedful.estimator import Clock
from heedful.storage import locked, writing
from heedful.tasks.longtexts import Pair
from heedful.tasks.rank import METHOD, CrossEncoder
from heedful.tasks.score_embed import Scorer, Search, spearman
from heedful.tasks.tune_embed import grades_of
from heedful.tasks.tuning import tune
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.lora import peak_rate
from heedful.train.objectives import any_of
from heedful.train.plan import Plan
from heedful.train.progress import Watch
from heedful.types import Floats

RATE = 5e-5  # of full tuning
KINDS = ("pairs", "triplets", "graded")
RERANKED, QUERIES = 20, 200  # documents of BM25 that are put into another order, of so many queries
FEWEST = 16  # rows that choose an epoch


@dataclass(frozen=True)
class Asked:
    """N pairs of texts, and how well they go together: (N,) from 0 to 1."""

    pairs: list[Pair]
    targets: Floats


def fit_rank(
    train: Any, dev: Any, model: str, out: Path | str, *, text: str | None = None, pair: str | None = None,
    negative: str | None = None, label: str | None = None, kind: str = "auto", negatives: int = 4,
    epochs: int = 1, rate: float | None = None, rows: int = 32, seed: int = 0, minutes: float | None = None,
    lora: int = 0, watch: Watch | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train on one table, score on another (None: a tenth of the rows), save to out/model; return figures.

    Pairs that belong together get `negatives` others each: half of them what BM25 finds, half at random. No
    text stands both in what is learned from and in what is scored. A run that was killed goes on.
    """
    begin, out = time.monotonic(), Path(out)
    settings = Settings(epochs=epochs, rows=rows, negatives=negatives, lora=lora, seed=seed)
    with locked(out):
        read = read_likes(train, text=text, pair=pair, negative=negative, label=label, kind=kind)
        if read.kind not in KINDS:
            raise ConfigError(f"these are {read.kind}; a cross-encoder learns from {', '.join(KINDS)}.")
        parts = part(read, None if dev is None else read_likes(dev, like=read))
        encoder = CrossEncoder.under(model, seed)
        encoder.requires_grad_(True)
        scorer = Ranking(parts)
        before = scorer.add("before", encoder)
        left = None if minutes is None else max(1.0, 60 * minutes - (time.monotonic() - begin))
        asked = questions(parts.train, negatives, seed)
        run = {**vars(settings), "model": model, "rate": rate, "train": parts.train.fingerprint}
        keeper = Keeper(out / CHECKPOINTS, {**run, "task": METHOD, "heedful": __version__})
        plan = Plan(epochs=epochs, rate=peak_rate(rate, RATE, lora), seed=seed)
        progress = tune(
            encoder, encoder.slicer.cut(asked.pairs), asked.targets[:, None], any_of, plan, rows, Clock(left),
            chooser(encoder, parts.choosing, negatives, seed), lora=lora, keeper=keeper, watch=watch,
        )  # fmt: skip
        figures = about(read, parts, model, asked, encoder)
        figures |= {"stopped": progress.stopped, "training_seconds": round(progress.seconds, 1)}
        after = {"after": scorer.add("after", encoder), "difference": scorer.scorer.beyond("after", "before")}
        figures |= {"scores": {"before": before, **after}, "baselines": scorer.baselines()}
        figures["seconds"] = round(time.monotonic() - begin, 1)
        save(encoder, out / "model", figures, {**vars(settings), "rate": rate, "model": model})
    return figures


@dataclass
class Settings:
    """The numbers of a training."""

    epochs: int
    rows: int
    negatives: int
    lora: int
    seed: int

    def __post_init__(self) -> None:
        check_sizes(self, "epochs", "rows", "negatives")
        check_sizes(self, "lora", least=0)


def questions(likes: Likes, negatives: int, seed: int) -> Asked:
    """Return pairs and targets: grades, or 1 for what belongs together and 0 for what does not."""
    first = [(row[0], row[1]) for row in likes.texts]
    if likes.kind == "graded":
        return Asked(first, np.clip(np.array(grades_of(likes.labels)), 0.0, 1.0))
    others = mixed_negatives(likes, negatives, seed) if likes.kind == "pairs" else given(likes)
    targets = np.concatenate([np.ones(len(first)), np.zeros(len(others))])
    return Asked([*first, *others], targets)


def given(likes: Likes) -> list[Pair]:
    """Return each first text with the third one of its row."""
    return [(row[0], row[2]) for row in likes.texts]


def mixed_negatives(likes: Likes, count: int, seed: int) -> list[Pair]:
    """Return `count` other second texts for each first one: what BM25 finds for it, and random ones."""
    search = Search.of(likes)
    places = {folded(text): place for place, text in enumerate(search.queries)}
    random = np.random.default_rng(seed)
    hard = search.by_words(top=2 * count + max(map(len, search.judged)))
    found: list[Pair] = []
    for row in likes.texts:
        judged = search.judged[places[folded(row[0])]]
        near = [place for place in hard[places[folded(row[0])]] if place not in judged][: (count + 1) // 2]
        free = dict.fromkeys(random.integers(0, len(search.documents), 4 * count + len(judged)).tolist())
        far = [place for place in free if place not in judged and place not in near]
        chosen = [*near, *far][:count]
        found += [(row[0], search.documents[place]) for place in chosen]
    return found


class Ranking:
    """Scores cross-encoders: by how they order what BM25 found, or by their agreement with grades."""

    def __init__(self, parts: Parted) -> None:
        self.scorer = Scorer(parts.scored, parts.train)
        self.search = self.scorer.search
        if self.search is not None:
            chosen = np.random.default_rng(0).permutation(len(self.search.queries))[:QUERIES]
            self.search.keep(sorted(chosen.tolist()))
            self.candidates = self.search.by_words(RERANKED)

    def add(self, name: str, encoder: CrossEncoder) -> dict[str, Any]:
        """Return the figures of a cross-encoder, kept under a name."""
        if self.search is None:
            graded = [(row[0], row[1]) for row in self.scorer.scored.texts]
            return self.scorer.put(name, encoder.score(graded))
        pairs = [
            (query, self.search.documents[place])
            for query, row in zip(self.search.queries, self.candidates, strict=True)
            for place in row
        ]
        scores = iter(encoder.score(pairs).tolist())
        ordered = [
            [place for _, place in sorted((-next(scores), place) for place in row)] for row in self.candidates
        ]
        return self.scorer.put(name, self.search.scores(ordered))

    def baselines(self) -> dict[str, Any]:
        """Return the figures of BM25's own order, or of the words that graded pairs share."""
        return self.scorer.baselines()


def chooser(encoder: CrossEncoder, choosing: Likes, negatives: int, seed: int) -> Any:
    """Return what scores an epoch: Spearman's correlation with the targets of rows held out for it."""
    if len(choosing.rows) < FEWEST:
        return None
    asked = questions(choosing, negatives, seed)
    windows = encoder.slicer.cut(asked.pairs)
    return lambda: (spearman(encoder.of(windows), asked.targets),)


def about(read: Likes, parts: Parted, model: str, asked: Asked, encoder: CrossEncoder) -> dict[str, Any]:
    """Return what was read and how it was divided."""
    return {
        "task": METHOD,
        "kind": read.kind,
        "model": model,
        "table": read.source,
        "columns": read.columns,
        "rows": {name: len(getattr(parts, name).rows) for name in ("train", "choosing", "scored")},
        "pairs": {"asked": len(asked.pairs), "in_windows": encoder.windows(asked.pairs)},
        "skipped": read.skipped,
        "dropped": parts.dropped,
        "notes": [*read.notes, *parts.notes],
        "data_fingerprint": read.fingerprint,
        "heedful": __version__,
    }


def save(encoder: CrossEncoder, folder: Path, figures: dict[str, Any], params: dict[str, Any]) -> None:
    """Write a folder that sentence-transformers opens with equal scores, whole or not at all."""
    text = "\n".join([
        f"# {METHOD}: a cross-encoder", "",
        'In Python: `heedful.load("THIS_FOLDER").score([("a query", "a text")])`.',
        "On the command line: `heedful search INDEX \"a query\" --rerank THIS_FOLDER`.",
    ])  # fmt: skip
    state = {"tokenizer": encoder.tokenizer.fingerprint}
    with writing(folder) as fresh:
        encoder.write(fresh)
        write_card(fresh, METHOD, METHOD, figures, text, params=params, state=state)
