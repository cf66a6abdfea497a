"""Pretraining: from a corpus to a model that the ecosystem opens, resumable, with a report."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from heedful.data.corpus import Corpus, Documents
from heedful.storage import locked
from heedful.tasks.language import figures, tell
from heedful.tasks.prepare import Prepared, prepare
from heedful.tasks.pretraining import Pretraining, kind_of
from heedful.tasks.recipe import Limit, read_recipe
from heedful.text.marks import MARKS
from heedful.train.sharded import Sharded
from heedful.train.team import Team, joined

Paths = Sequence[str | Path]
TOKENIZERS = {"clm": "bpe", "mlm": "wordpiece", "denoise": "unigram"}


def pretrain(
    objective: str, corpus: Paths, out: str | Path, *, size: str = "mini", tokenizer: str | None = None,
    dev: Paths = (), held_out: float = 0.1, documents: Documents = "file", column: str | None = None,
    minutes: float | None = None, tokens: int | None = None, seed: int = 0, tensorboard: bool = False,
    shard: bool = False, save_seconds: float = 120.0, say: Callable[[str], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train a model from nothing on a corpus and return its figures; the same call again goes on.

    `out` gets `model` (a folder that the ecosystem opens), `metrics.jsonl`, `report.html`, `checkpoints` and
    `data` (tokenizer and tokens). The training ends after `minutes` (15) or after reading `tokens`. Without
    `dev`, the last `held_out` share of the corpus is held out. `say` hears what is done (None: nobody). With
    `shard`, each process that torchrun started holds its share of the model only.
    """
    recipe = read_recipe(size)
    read, held = corpora(corpus, dev, held_out, documents, column)
    marks, limit = MARKS[kind_of(objective, recipe).marks], Limit.of(minutes, tokens, recipe)
    chosen, data = tokenizer or TOKENIZERS[objective], Path(out) / "data"
    with joined(Sharded if shard else Team) as team, locked(out) if team.first else nullcontext():
        hear = say if say and team.first else silent

        def make() -> Prepared:
            return prepare(read, held, chosen, recipe.vocab, marks, recipe.context, data, hear)

        run = Pretraining(objective, recipe, together(team, make), Path(out), seed, team, tensorboard)
        for note in run.prepared.notes:
            hear(note)
        found = figures(run, run.train(limit, save_seconds, quiet=say is None))
        run.save(found)
        if team.first:
            tell(run, found)
        team.wait()
    return found


def check(
    objective: str, corpus: Paths, *, size: str = "mini", dev: Paths = (), held_out: float = 0.1,
    documents: Documents = "file", column: str | None = None, minutes: float | None = None,
    tokens: int | None = None, **_: Any,
) -> None:  # fmt: skip
    """Refuse now what `pretrain` would refuse later, in each of its processes."""
    recipe = read_recipe(size)
    kind_of(objective, recipe)
    Limit.of(minutes, tokens, recipe)
    corpora(corpus, dev, held_out, documents, column)


def corpora(
    corpus: Paths, dev: Paths, held_out: float, documents: Documents, column: str | None
) -> tuple[Corpus, Corpus | float]:
    """Return what is trained on, and what is held out: a corpus or a share of the first."""
    return Corpus(corpus, column, documents), Corpus(dev, column, documents) if dev else held_out


def silent(text: str) -> None:
    """Say nothing."""


def together(team: Team, make: Callable[[], Prepared]) -> Prepared:
    """Let the first process write what all then read."""
    found = make() if team.first else None
    team.wait()
    return found or make()
