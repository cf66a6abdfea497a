"""How `heedful search` shows prior art: earlier claims, and the subclasses that they vote for."""

import json
from collections.abc import Sequence
from typing import Any

import click

from heedful.cli import indexes
from heedful.search.index import Index
from heedful.search.patents import Patents

SHOWN = 5  # subclasses with their votes


def priors(index: Index, claims: Sequence[str], before: str | None, as_json: bool, **options: Any) -> None:
    """Search and print."""
    model = Patents(index)
    found = model.search(claims, [before] * len(claims), **options)
    if as_json:
        results = [
            {"query": claim, "classes": prior.predicted, "votes": prior.votes,
             "hits": [vars(hit) for hit in prior.hits]}
            for claim, prior in zip(claims, found, strict=True)
        ]  # fmt: skip
        told = {"before": before, "threshold": model.threshold_, "results": results}
        click.echo(json.dumps(told, ensure_ascii=False, allow_nan=False))
        return
    for claim, prior in zip(claims, found, strict=True):
        indexes.hits([claim], [prior.hits], as_json=False)
        most = list(prior.votes.items())[:SHOWN]
        shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in most)
        click.echo(f"subclasses: {' '.join(prior.predicted) or 'none'} (votes of the neighbours: {shares})")
