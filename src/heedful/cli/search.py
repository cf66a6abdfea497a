"""`heedful search`: texts of an index that answer a query."""

from typing import Any

import click


@click.command()
@click.argument("folder", metavar="INDEX")
@click.argument("queries", nargs=-1, metavar="[QUERY]...")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1), help="So many for each query.")
@click.option("--where", metavar="FILTER", help="Only rows that fit, as: year > 2010 and kind in ('a', 'b').")
@click.option("--hybrid", is_flag=True, help="Fuse with BM25, by reciprocal rank.")
@click.option("--rerank", metavar="MODEL", help="Let a cross-encoder read the best 50 again.")
@click.option("--model", metavar="MODEL", help="Where the encoder is now, if it was moved.")
@click.option("--before", metavar="DATE", help="An index of patents: only claims older than this (ISO date).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def search(
    folder: str,
    queries: tuple[str, ...],
    model: str | None,
    before: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Find the texts of an INDEX that answer each QUERY, best first; without one, lines of standard input.

    A line has rank, score, id, text and the kept columns, tabs between them. Of an index of patents, the CPC
    subclasses that the neighbours vote for are shown as well.
    """
    from heedful.cli import indexes, told
    from heedful.cli.patents import priors

    missing = "no query was given: add one, or pipe lines in."
    given = list(queries) or told.piped(missing, "a query on each line").splitlines()
    with indexes.opened(folder, model) as index:
        options["rerank"] = indexes.scorer(options["rerank"])
        if index.settings["about"].get("preset") == "patents":
            priors(index, given, before, as_json, **options)
        elif before is not None:
            raise click.UsageError(f"--before is for an index of patents; {folder} is none. Use --where.")
        else:
            indexes.hits(given, index.search(given, **options), as_json)
