"""Mutated copies of model folders: which kinds there are, and the making of one from its number."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bad_configs import CONFIGS, HEAVY_CONFIGS
from bad_pickles import pickled
from bad_places import HEAVY_PLACES, PLACES
from bad_texts import HEAVY_TEXTS, TEXTS
from bad_weights import EITHER, FLAG, HEAVY_WEIGHTS, WEIGHTS

Damage = Callable[[Path, random.Random], str]
KINDS: dict[str, Damage] = {**WEIGHTS, "pickle": pickled, **CONFIGS, **PLACES}
HEAVY: dict[str, Damage] = {**HEAVY_WEIGHTS, **HEAVY_CONFIGS, **HEAVY_PLACES}  # megabytes
SENTENCE_HEAVY: dict[str, Damage] = {**HEAVY, **HEAVY_TEXTS}
SENTENCE = "sentence"  # the base with a tokenizer and modules
SEVERAL = "several at once"
OFTEN = 25  # light mutations for each heavy one


@dataclass(frozen=True)
class Mutation:
    """What was done to a copy of which base, and what a load of it must end in."""

    number: int
    kind: str
    base: str
    meant: str
    pickle: bool


def choose(number: int, bases: list[str]) -> tuple[str, str]:
    """Return the kind and the base of a mutation; the base with most files has more turns."""
    rng = random.Random(f"choice {number}")
    bases = [*bases, *[SENTENCE] * 3]
    base = bases[number % len(bases)]
    if rng.randrange(OFTEN) == 0:
        return rng.choice(sorted(SENTENCE_HEAVY if base == SENTENCE else HEAVY)), base
    own = sorted(TEXTS) * 4 if base == SENTENCE else []
    return rng.choice([*sorted(KINDS), SEVERAL, *own]), base


def names(bases: Path) -> list[str]:
    """Return the names of the folders to mutate."""
    return sorted(path.name for path in bases.iterdir() if not path.name.endswith(".probe"))


def mutate(number: int, bases: Path, folder: Path, kind: str = "") -> Mutation:
    """Make the mutated copy of that number at `folder`, of one of the folders in `bases`."""
    chosen, base = choose(number, names(bases))
    kind = kind or chosen
    rng = random.Random(number)
    shutil.copytree(bases / base, folder)
    if kind != SEVERAL:
        meant = {**KINDS, **TEXTS, **SENTENCE_HEAVY}[kind](folder, rng)
        return Mutation(number, kind, base, meant.removesuffix(FLAG), meant.endswith(FLAG))
    meant = ""
    for one in rng.sample(sorted({**WEIGHTS, **CONFIGS}), 2):
        try:
            meant += {**WEIGHTS, **CONFIGS}[one](folder, rng)
        except Exception:  # the first one left nothing that the second could damage
            break
    return Mutation(number, kind, base, EITHER, FLAG in meant)
