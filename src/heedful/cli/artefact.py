"""Open the artefact folder that a command line names."""

from pathlib import Path
from typing import Any

from heedful.errors import CheckpointError, ConfigError
from heedful.storage import settle

# What a model can do that `predict` does not show, and the verb for it.
OTHERS = {
    "write": 'generate {} "a text"',
    "translate": 'translate {} "a text"',
    "summarize": 'summarize {} "a text"',
    "rank": "search INDEX QUERY --rerank {}",
    "encode": "encode {} TABLE -o vectors.npy",
}


def single(name: str) -> Any:
    """Return the fitted classifier of one label in the folder `name`; another model is a ConfigError."""
    from heedful.studio.answers import paired, shape

    estimator = fitted(name)
    if shape(estimator) != "single" or paired(estimator):
        kind = "pairs of texts" if paired(estimator) else f"kind {shape(estimator)!r}"
        raise ConfigError(
            f"{name} holds a model of {kind}; expected a classifier that gives a text one label. "
            "Use `heedful predict`."
        )
    return estimator


def fitted(name: str) -> Any:
    """Return the fitted model in the folder `name`; anything else is a CheckpointError."""
    from heedful.models import load, recommended

    folder = recommended(Path(name))
    settle(folder.absolute())
    if not (folder / "heedful.json").is_file():
        raise CheckpointError(f"{folder} {_found(folder)}")
    estimator = load(folder)
    for verb, use in OTHERS.items():
        if hasattr(estimator, verb):
            raise ConfigError(
                f"{name} holds a model that can {verb}; expected one that sorts texts or finds parts of "
                f"them. Use `heedful {use.format(name)}`."
            )
    return estimator


def _found(folder: Path) -> str:
    wanted = "expected the folder of a method, as `heedful compare` or `heedful fit` saves it"
    if not folder.exists():
        return f"does not exist; {wanted}. Check the path."
    if not folder.is_dir():
        return f"is a file; {wanted}. Give its folder."
    inside = sorted(card.parent.name for card in folder.glob("[!.]*/heedful.json"))
    if inside:
        return f"holds the artefacts {', '.join(inside)}. Name one of them: {folder / inside[0]}"
    return f"has no heedful.json; {wanted}. Check the path."
