"""Hinton's family trees (1986): two families of the same shape, and a network that finds out who is who.

The 104 questions (a person, a relation) follow from who is whose child. The rule is `backpropagation`.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from heedful.lineage.backpropagation import Rule, Weights, begin, forward, train
from heedful.types import Floats

ENGLISH = (  # the Italian family has the same tree
    "Christopher, Penelope, Andrew, Christine, Margaret, Arthur, Victoria, James, Jennifer, Charles, Colin, "
    "Charlotte"
)
WOMEN = {1, 3, 4, 6, 8, 11}  # places in the list above
COUPLES = ((0, 1), (2, 3), (5, 4), (7, 6), (9, 8))  # husband, wife
CHILDREN = {0: (5, 6), 2: (7, 8), 7: (10, 11)}  # of a father and his wife
RELATIONS = (
    "father", "mother", "husband", "wife", "son", "daughter", "uncle", "aunt", "brother", "sister", "nephew",
    "niece",
)  # fmt: skip
SIZES = (36, 12, 12, 6, 24)  # 24 people and 12 relations; 6 units for each; 12; 6; 24 people
HELD_OUT = 4
DECAY = 5e-4  # of every weight in a sweep
Triple = tuple[int, str, frozenset[int]]


def kin(person: int) -> dict[str, set[int]]:
    """Return whom a person of one family is related to, by the name of the relation."""
    spouse = {**dict(COUPLES), **{wife: husband for husband, wife in COUPLES}}
    parents = {child: {father, spouse[father]} for father, some in CHILDREN.items() for child in some}
    children = {one: {child for child, both in parents.items() if one in both} for one in range(12)}

    def siblings(one: int) -> set[int]:
        return {other for other in parents if one in parents and parents[other] == parents[one]} - {one}

    mate = {spouse[person]} if person in spouse else set()
    elders = {one for parent in parents.get(person, ()) for one in siblings(parent)}
    elders |= {spouse[one] for one in elders if one in spouse}
    young = {
        child for one in siblings(person) | {s for m in mate for s in siblings(m)} for child in children[one]
    }
    groups = {
        ("father", "mother"): parents.get(person, set()), ("husband", "wife"): mate,
        ("son", "daughter"): children[person], ("uncle", "aunt"): elders,
        ("brother", "sister"): siblings(person), ("nephew", "niece"): young,
    }  # fmt: skip
    return {
        name: {one for one in some if (one in WOMEN) == bool(woman)}
        for names, some in groups.items()
        for woman, name in enumerate(names)
    }


def triples() -> list[Triple]:
    """Return every person, relation and the people it leads to, of both families: 104 of them."""
    return [
        (person + 12 * family, relation, frozenset(one + 12 * family for one in people))
        for family in range(2)
        for person in range(12)
        for relation, people in kin(person).items()
        if people
    ]


def coded(some: Sequence[Triple]) -> tuple[Floats, Floats]:
    """Return inputs (n, 36) and wanted outputs (n, 24): one unit for each person and relation."""
    x, wanted = np.zeros((len(some), 36)), np.zeros((len(some), 24))
    for row, (person, relation, people) in enumerate(some):
        x[row, person] = x[row, 24 + RELATIONS.index(relation)] = 1
        wanted[row, list(people)] = 1
    return x, wanted


def masks() -> Weights:
    """Return which connections there are: people and relations have 6 units each of their own."""
    first = np.zeros((37, 12))
    first[:24, :6] = first[24:36, 6:] = first[36] = 1
    return [
        first,
        *(np.ones((before + 1, after)) for before, after in pairwise(SIZES[1:])),
    ]


def right(found: Floats, wanted: Floats) -> Floats:
    """Return where the people wanted are just those with the largest outputs: (S, n)."""
    least = np.where(wanted > 0, found, np.inf).min(axis=-1)
    return np.asarray(1.0 * (least > np.where(wanted > 0, -np.inf, found).max(axis=-1)))


def learn(seed: int, sweeps: int = 1500) -> tuple[float, float, Floats]:
    """Return the share right of 100 questions, how many of 4 held out, and the people's codes (24, 6)."""
    every = triples()
    order = np.random.default_rng(seed).permutation(len(every))
    held, kept = ([every[i] for i in rows] for rows in (order[:HELD_OUT], order[HELD_OUT:]))
    weights, blocks = begin(SIZES, [seed], 1.0), masks()
    weights = [layer * mask for layer, mask in zip(weights, blocks, strict=True)]
    x, wanted = coded(kept)
    train(weights, x, wanted, Rule(0.01, 0.5, 20, DECAY), blocks)
    train(weights, x, wanted, Rule(0.05, 0.9, sweeps, DECAY), blocks)
    x_held, wanted_held = coded(held)
    trained = right(forward(weights, x)[-1], wanted).mean()
    return (
        float(trained),
        float(right(forward(weights, x_held)[-1], wanted_held).sum()),
        weights[0][0, :24, :6],
    )
