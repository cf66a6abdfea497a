"""`heedful convert`: a clean safetensors folder from any form that is read."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("source")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pickle", is_flag=True, help="Allow pytorch_model.bin, read as tensors alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def convert(source: str, folder: Path, pickle: bool, as_json: bool) -> None:
    """Write the model SOURCE (a folder, a GGUF file's folder, a name) to the new FOLDER.

    Shards, pickles (with --pickle), GGUF files and older tensor names become config.json, model.safetensors
    and tokenizer.json, which Heedful and the family's own library open.
    """
    from heedful.checkpoint.convert import convert as work

    loaded = work(source, folder, pickle)
    count = sum(value.numel() for value in loaded.transformer.parameters())
    found = {
        "folder": str(folder),
        "family": loaded.form.family.name,
        "parameters": count,
        "ignored": list(loaded.ignored),
    }
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    click.echo(f"{folder}: {found['family']}, {count:,} parameters")
    if loaded.ignored:
        click.echo(f"left alone: {', '.join(loaded.ignored)}")
