"""A pretrained encoder under a fresh head: what a family calls it, its config, its first weights."""

from dataclasses import replace
from pathlib import Path

import torch

from heedful.checkpoint.folder import Form, load_transformer, read_config
from heedful.core.config import TokenInput
from heedful.core.model import Transformer
from heedful.errors import CheckpointError

LABELLED = ("id2label", "label2id", "problem_type")  # habits of another head


def under_head(folder: Path, ending: str, seed: int, outputs: int | None = None) -> tuple[Transformer, Form]:
    """Return a checkpoint's model under the head of the family's class `...ending`, and its form.

    Where the checkpoint is of that class, and has as many `outputs`, its own head stays. Else the last map is
    drawn by `seed`, as BERT's is (Devlin et al. 2019): normal with deviation 0.02, biases 0; the map before
    it is the checkpoint's pooler, where both have one.
    """
    form, theirs = read_config(folder)
    names = [name for name in form.family.architectures if name.endswith(ending)]
    loaded = load_transformer(folder)
    if not names or not isinstance(loaded.transformer.config.first.input, TokenInput):
        raise CheckpointError(
            f"{folder}: {form.family.name} has no class that ends in {ending}. Name an encoder of texts."
        )
    own = loaded.transformer.config.head
    if loaded.form.architecture == names[0] and (outputs is None or (own and own.outputs == outputs)):
        return loaded.transformer, loaded.form
    torch.manual_seed(seed)
    if outputs is not None:
        theirs = {key: value for key, value in theirs.items() if key not in LABELLED} | {
            "num_labels": outputs
        }
        theirs["id2label"] = {str(place): f"LABEL_{place}" for place in range(outputs)}
    transformer = Transformer(
        replace(loaded.transformer.config, head=form.family.read(theirs, names[0]).head)
    )
    assert transformer.head is not None
    if transformer.head.output is not None:
        torch.nn.init.normal_(transformer.head.output.weight, std=0.02)
        if transformer.head.output.bias is not None:
            torch.nn.init.zeros_(transformer.head.output.bias)
    state = loaded.transformer.state_dict().items()
    body = {name: x for name, x in state if not name.startswith("head.") or name.startswith("head.dense.")}
    transformer.load_state_dict(body, strict=False)
    habits = {key: value for key, value in form.habits.items() if key not in LABELLED}
    return transformer, Form(form.family, names[0], habits)
