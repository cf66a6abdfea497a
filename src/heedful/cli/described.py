"""Labels told in words: `heedful predict minilm --labels "sport: games and matches; politics: elections"`."""

from pathlib import Path
from typing import Any

import yaml

from heedful.artefact import is_artefact, read_card
from heedful.cli.artefact import fitted
from heedful.errors import ConfigError, DataError
from heedful.models import PRETRAINED, recommended

LARGEST = 1 << 20  # bytes of a file of labels


def model_of(name: str, labels: str | None) -> Any:
    """Return the fitted model in a folder; with labels, the encoder `name` that chooses among them."""
    if labels is None:
        return fitted(name)
    from heedful.tasks.zeroshot import ZeroShot

    told, folder = described(labels), recommended(Path(name))
    if is_artefact(folder) and read_card(folder)["method"] != PRETRAINED:
        raise ConfigError(
            f"{name} has labels of its own; --labels is for an encoder such as minilm. Leave it out."
        )
    return ZeroShot(name).fit(None, told)


def described(labels: str) -> Any:
    """Return labels and their descriptions: of a YAML or JSON file, or written out.

    Written out they stand between semicolons, or commas where there is no semicolon, each as `name` or as
    `name: description`.
    """
    if Path(labels).suffix.lower() in (".yaml", ".yml", ".json"):
        return from_file(Path(labels))
    parts = [part.strip() for part in labels.split(";" if ";" in labels else ",")]
    found: dict[str, str] = {}
    for part in filter(None, parts):
        name, _, description = (one.strip() for one in part.partition(":"))
        if not name or name in found:
            why = "comes twice" if name else "has no name"
            raise DataError(f"--labels: {part!r:.60} {why}; expected name: description, apart by semicolons.")
        found[name] = description or name
    return found


def from_file(path: Path) -> Any:
    """Return what a file of labels says: names, or names with a description or several."""
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(
                f"{path} has more than {LARGEST:,} bytes; expected labels and their descriptions."
            )
        found = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # a label may be no or 1
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}. Check the path.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise DataError(f"{path} is no YAML: {problem!s:.100}. Mend it.") from None
    if not isinstance(found, dict | list):
        raise DataError(f"{path} has {type(found).__name__}; expected labels with their descriptions.")
    return found
