"""The techniques in the order of their years: who, what it was for, what it added, what it could not do.

This file is data and imports no technique: `heedful lineage` has to be quick.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from heedful.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Technique:
    """One technique. `module` is the file in this folder whose `run(effort)` is the paper's experiment."""

    name: str
    title: str
    year: int
    authors: str
    paper: str
    idea: str
    added: str
    limits: str
    module: str


ALL = (
    Technique(
        name="perceptron",
        title="Perceptron",
        year=1958,
        authors="Rosenblatt",
        paper="The perceptron: a probabilistic model for information storage and organization in the brain",
        idea="A weighted sum and a threshold; after a mistake the example is added to the weights.",
        added="Weights that are learned, with a proof that the rule ends when a line parts the classes.",
        limits="Only a straight line: not even exclusive-or.",
        module="perceptron",
    ),
    Technique(
        name="hopfield",
        title="Hopfield network",
        year=1982,
        authors="Hopfield",
        paper="Neural networks and physical systems with emergent collective computational abilities",
        idea="Patterns are valleys of an energy; units that follow the others roll into the nearest one.",
        added="Memory by content, and energy as a way to understand a network.",
        limits="About 0.14 patterns for each unit; nothing between input and output is learned.",
        module="hopfield",
    ),
    Technique(
        name="graph",
        title="Graph networks",
        year=2016,
        authors="Kipf and Welling",
        paper="Semi-supervised classification with graph convolutional networks",
        idea="Before each layer a node takes the mean of its neighbours.",
        added="A few labels reach a whole graph. The idea is of 2005; attention came in 2018.",
        limits="Sees two steps far; with many layers all nodes become alike.",
        module="graphs",
    ),
    Technique(
        name="transformer",
        title="Transformer",
        year=2017,
        authors="Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin",
        paper="Attention is all you need",
        idea="Each place asks all others at once and takes the mean of their values, weighed by fit.",
        added="Any two places are one step apart, and all are computed side by side.",
        limits="Knows no order unless positions are added; its work grows with the square of the length.",
        module="attention",
    ),
    Technique(
        name="words",
        title="Word vectors",
        year=2013,
        authors="Mikolov, Sutskever, Chen, Corrado and Dean",
        paper="Distributed representations of words and phrases and their compositionality",
        idea="A word is known by its company: its vector learns to tell neighbours from other words.",
        added="Meaning from plain text, learned once, used anywhere; GloVe (2014) factorises counts.",
        limits="One vector for all senses of a word; the mean of a text does not know its order.",
        module="words",
    ),
)
TECHNIQUES = {technique.name: technique for technique in sorted(ALL, key=lambda one: one.year)}


def named(name: str) -> Technique:
    """Return a technique; DataError with the nearest names where there is none of that name."""
    if name in TECHNIQUES:
        return TECHNIQUES[name]
    near = get_close_matches(name, TECHNIQUES, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(TECHNIQUES)}, and all."
    raise DataError(f"there is no technique {name!r}. {hint}")
