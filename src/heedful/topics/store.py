"""A topic model as a folder: topics.json, model.safetensors, heedful.json."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from heedful.artefact import read_card, settings, write_card
from heedful.errors import CheckpointError
from heedful.storage import inside, read_json, writing
from heedful.topics.clusters import Places

if TYPE_CHECKING:
    from heedful.topics.model import TopicModel

TOPICS, TENSORS = "topics.json", "model.safetensors"
BYTES = 16  # of a digest
Model = TypeVar("Model", bound="TopicModel")


def save(model: "TopicModel", folder: Path | str, about: Mapping[str, Any]) -> None:
    """Write what `load` reads; of the texts only those that stand for a topic are kept, of others digests."""
    params = model.get_params(deep=False)
    if not isinstance(params["encoder"], str):
        params["encoder"] = None
    digests = np.frombuffer(b"".join(model.known_), dtype=np.uint8).reshape(-1, BYTES)
    tensors = {
        "centre": model.centre_, "topics": model.places_.vectors, "least": np.array([model.places_.least]),
        "digests": digests, "known": np.array([*model.known_.values()], dtype=np.int32),
        "labels": model.labels_.astype(np.int32), "empty": model.empty_.astype(np.uint8),
    }  # fmt: skip
    with writing(folder) as fresh:
        dumped = json.dumps([asdict(topic) for topic in model.topics_], indent=1, ensure_ascii=False)
        (fresh / TOPICS).write_text(dumped, encoding="utf-8", errors="replace")
        save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, fresh / TENSORS)
        text = card_text([topic.name for topic in model.topics_])
        write_card(
            fresh, model.method, "topics", about, text, params=params, state={"topics": len(model.topics_)}
        )


def load(cls: type[Model], folder: Path) -> Model:
    """Return the model in a folder; what is damaged is a CheckpointError."""
    from heedful.topics.model import Topic

    card = read_card(folder)
    model = cls(**settings(card, folder, cls.method, set(cls._get_param_names())))
    listed = read_json(inside(folder, TOPICS), CheckpointError)
    try:
        tensors = load_file(inside(folder, TENSORS))
        model.topics_ = [Topic(**{key: frozen(value) for key, value in one.items()}) for one in listed]
        model.centre_ = tensors["centre"]
        model.places_ = Places(tensors["topics"], float(tensors["least"][0]))
        model.labels_ = tensors["labels"].astype(np.int64)
        model.empty_ = tensors["empty"].astype(bool)
        digests = [row.tobytes() for row in tensors["digests"]]
        model.known_ = dict(zip(digests, tensors["known"].tolist(), strict=True))
        fits = tensors["topics"].shape == (len(model.topics_), len(model.centre_))
        fits = fits and len(model.labels_) == len(model.empty_)
    except (OSError, SafetensorError, TypeError, ValueError, KeyError, AttributeError) as problem:
        raise CheckpointError(
            f"{folder} is damaged ({problem}). Copy the folder again, or fit again."
        ) from None
    if not fits or not model.topics_:
        raise CheckpointError(f"{folder}: topics and vectors do not belong together. Copy the folder again.")
    model.documents_ = None
    return model


def frozen(value: Any) -> Any:
    """Return a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def card_text(names: list[str]) -> str:
    """Return the body of the README.md."""
    lines = [f"# Topics ({len(names)})", "", *(f"{i}. {name}" for i, name in enumerate(names[:100]))]
    use = 'In Python: `heedful.load("THIS_FOLDER").transform(["a text"])` gives topic numbers, -1 for none.'
    return "\n".join([*lines, "", use])
