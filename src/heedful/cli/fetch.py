"""`heedful fetch`: fill the cache; the only verb that touches the network."""

import json
from typing import Any

import click


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "listing", is_flag=True, help="Show the catalogue and fetch nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def fetch(names: tuple[str, ...], listing: bool, as_json: bool) -> None:
    """Download NAMES: entries of the catalogue, or hf:owner/name for a model from the Hugging Face hub.

    Without a name: show the catalogue.
    """
    from heedful.catalogue import cache, entries
    from heedful.catalogue import fetch as bring

    for name in names:
        cache.check(name)
    if not listing:
        for name in names:
            bring(name, lambda message: click.echo(message, err=True))
    cards = [cache.card(name) for name in names or [entry.name for entry in entries()]]
    if as_json:
        click.echo(json.dumps({"cache": str(cache.home()), "entries": cards}, indent=1, ensure_ascii=False))
        return
    click.echo("\n\n".join(map(shown, cards)))


def shown(card: dict[str, Any]) -> str:
    """Return a card as lines for the terminal."""
    size = f"{card['wheel_bytes'] / 1e6:.0f} MB, " if "wheel_bytes" in card else ""
    lines = [
        f"{card['name']} ({card['kind']}, {size}{'in the cache' if card['folder'] else 'not fetched'})",
        f"  {card['about']}",
        f"  Licence: {card['licence']}",
        f"  {card['attribution']}",
        f"  {card['folder'] or 'run: heedful fetch ' + card['name']}",
    ]
    return "\n".join(line for line in lines if line.strip())
