"""`heedful info`: what a model is, in figures."""

import json
from typing import Any

import click


@click.command()
@click.argument("model")
@click.option("--pickle", is_flag=True, help="Allow pytorch_model.bin, read as tensors alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def info(model: str, pickle: bool, as_json: bool) -> None:
    """Show the family, sizes, parameters, operations, tokenizer and heads of MODEL (a folder or a name)."""
    from heedful.checkpoint.describe import describe

    found = describe(model, pickle)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    rows = list(lines(found))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")


def lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a person reads, name by name."""
    counts, work = found["parameters"], found["operations"]
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items() if name != "all")
    tokens = found["tokenizer"]
    rows = [
        ("model", found["model"]),
        ("family", f"{found['family']} ({found['architecture']})"),
        ("parameters", f"{counts['all']:,}: {parts}"),
        ("bytes", f"{found['bytes']:,}"),
        ("context", f"{found['context']:,} tokens" if found["context"] else "no limit of its own"),
        (
            "operations",
            f"{work['per_token']:,} a token, and {work['per_token_looked_at']:,} for each it looks at",
        ),
        ("heads", ", ".join(found["heads"]) or "none"),
        (
            "tokenizer",
            f"{tokens['vocab']:,} tokens, SHA-256 {tokens['fingerprint'][:16]}" if tokens else "none",
        ),
    ]
    rows += [(name, ", ".join(said(found[name]))) for name in ("encoder", "decoder") if found[name]]
    if found["ignored"]:
        rows.append(("left alone", ", ".join(found["ignored"])))
    return rows


def said(stack: dict[str, Any]) -> list[str]:
    """Return the fields of a stack that say something."""
    plain = {
        name: value for name, value in stack.items() if value not in (None, False, 0, ()) and value != 0.0
    }
    return [
        f"{name} {value}" if not isinstance(value, dict) else f"{name} ({', '.join(said(value))})"
        for name, value in plain.items()
    ]
