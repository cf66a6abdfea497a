"""config.json and weights, in and out: every parameter filled once, every tensor accounted for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from heedful.checkpoint.gguf import opened_gguf
from heedful.checkpoint.outline import outline
from heedful.checkpoint.stored import first_of, joined, pick, plain, same, same_under_all_names, strip, title
from heedful.checkpoint.tensors import LARGEST_JSON, WEIGHTS, Tensors
from heedful.core.config import TransformerConfig
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, ConfigError
from heedful.families import FAMILIES, HABITS, REFUSED, Family, Stored
from heedful.storage import inside, read_json
from heedful.text.sentencepiece import has_pieces, load_pieces
from heedful.text.tokenizer import Tokenizer

CONFIG = "config.json"


@dataclass(frozen=True)
class Form:
    """What files say beyond the mathematics: family, class of models, habits of task and tokenizer."""

    family: Family
    architecture: str
    habits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """A model, the form of its files, tensors that were left alone, parameters that are zero by rule."""

    transformer: Transformer
    form: Form
    ignored: tuple[str, ...]
    fresh: tuple[str, ...] = ()


def load_transformer(folder: Path, pickle: bool = False) -> Loaded:
    """Read a checkpoint folder into fp32; CheckpointError or ConfigError unless all of it fits.

    `pickle` allows pytorch_model.bin, read as tensors alone, where there is nothing else.
    """
    if single := gguf_file(folder):
        file = opened_gguf(single)
        return assemble(form_of(file.config, str(single)), file.config, file, str(single))
    form, theirs = read_config(folder)
    return assemble(form, theirs, Tensors(folder, pickle), str(folder))


def load_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """Return the tokenizer of a checkpoint folder; texts are cut at `max_tokens`."""
    if single := gguf_file(folder):
        text, settings = opened_gguf(single).tokenizer()
        return Tokenizer(text, max_tokens, {"tokenizer_config.json": json.dumps(settings, indent=2)})
    vocab = read_config(folder)[1].get("vocab_size")
    load = load_pieces if has_pieces(folder) else Tokenizer.load
    return load(folder, max_tokens, vocab if isinstance(vocab, int) and vocab > 0 else 0)


def read_form(folder: Path) -> Form:
    """Return the form of a checkpoint folder, from its config alone."""
    if single := gguf_file(folder):
        return form_of(opened_gguf(single).config, str(single))
    return read_config(folder)[0]


def gguf_file(folder: Path) -> Path | None:
    """Return the folder's GGUF file, if it has one and no config.json."""
    found = [] if (folder / CONFIG).exists() else sorted(folder.glob("*.gguf"))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise CheckpointError(
            f"{folder} has several GGUF files ({names}); expected one. Keep one in a folder."
        )
    return inside(folder, found[0].name) if found else None


def assemble(form: Form, theirs: Mapping[str, Any], tensors: Mapping[str, Tensor], source: str) -> Loaded:
    """Build the model that a config describes and fill it with tensors; `source` is named in errors."""
    stored = {strip(name, form.family): name for name in tensors}
    if len(stored) < len(tensors):
        raise CheckpointError(f"{source} holds tensors twice, with and without {form.family.prefix!r}.")
    form = with_head(form, theirs, stored)
    config = read_with_tensors(form, theirs, tensors, stored)
    if max(one.depth for one in (config.encoder, config.decoder) if one) > len(stored):
        raise CheckpointError(f"{source}: {len(stored)} tensors; config.json asks for more blocks than that.")
    transformer = outline(config, source)
    wanted = parameters(transformer)
    names = form.family.names(list(wanted), form.architecture, config.first.gated)
    state, used, fresh = {}, set(), []
    for ours, shape in wanted.items():
        name = first_of(names[ours], stored)
        if name is None and names[ours].zero:
            state[ours] = torch.zeros(shape)
            fresh.append(ours)
        else:
            state[ours] = pick(names[ours], name, shape, stored, tensors, source)
        used |= same_under_all_names(names[ours], name, stored, tensors, source)
    rest = [name for name in stored if name not in used]
    check_rest(rest, form, source)
    transformer.load_state_dict(state, strict=False, assign=True)
    return Loaded(transformer.eval(), form, tuple(sorted(rest)), tuple(fresh))


def save_transformer(
    transformer: Transformer, form: Form, folder: Path, state: Mapping[str, Tensor] | None = None
) -> None:
    """Write config.json and model.safetensors as the family's own library does.

    `state` holds the weights where the transformer itself holds shares of them.
    """
    family, config = form.family, transformer.config
    state = state or transformer.state_dict()
    names = family.names(list(parameters(transformer)), form.architecture, config.first.gated)
    prefix = "" if form.architecture == family.bare else family.prefix
    pieces: dict[str, list[tuple[Stored, Tensor]]] = {}
    for ours, stored in names.items():
        base = "" if ours.startswith("head.") else prefix
        title = base + stored.name.replace("{base}", prefix)
        pieces.setdefault(title, []).append((stored, state[ours].detach().float().cpu()))
    tensors = {title: joined(parts) for title, parts in pieces.items()}
    theirs = family.write(config, form.architecture, form.habits)
    text = json.dumps(theirs, indent=2, ensure_ascii=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def read_config(folder: Path) -> tuple[Form, Mapping[str, Any]]:
    """Return the form of a folder and its parsed config.json."""
    theirs = read_json(inside(folder, CONFIG), CheckpointError, LARGEST_JSON)
    if not isinstance(theirs, dict):
        raise ConfigError(f"{folder / CONFIG} holds no JSON object; expected a model's config.")
    return form_of(theirs, str(folder / CONFIG)), theirs


def form_of(theirs: Mapping[str, Any], source: str) -> Form:
    """Return the form that a config names; a class of models without a table is read as the bare model."""
    kind = theirs.get("model_type")
    if isinstance(kind, str) and kind in REFUSED:
        raise ConfigError(f"{source}: {kind} does not fit this core: {REFUSED[kind]}. Use another model.")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ConfigError(
            f"{source} has model_type {kind!r:.100}; known are {', '.join(FAMILIES)}. Use another model."
        )
    family = FAMILIES[kind]
    listed = theirs.get("architectures")
    named = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], str) else ""
    habits = {key: theirs[key] for key in HABITS if key in theirs}
    return Form(family, named if named in family.architectures else family.bare, habits)


def with_head(form: Form, theirs: Mapping[str, Any], stored: Mapping[str, str]) -> Form:
    """Return the form, as the bare model where the config names a head of which the file has nothing.

    Sentence encoders often keep the name of the model that they were made from.
    """
    kind = form.family.architectures[form.architecture]
    head = form.family.read(theirs, form.architecture).head
    needed = [
        entry
        for ours, entry in kind.tensors.items()
        if not (head and head.tied and ours == "head.output.weight")
        and not (isinstance(entry, Stored) and entry.zero)
    ]
    lacking = needed and not any(plain(title(entry)) in stored for entry in needed)
    return replace(form, architecture=form.family.bare) if lacking else form


def read_with_tensors(
    form: Form, theirs: Mapping[str, Any], tensors: Mapping[str, Tensor], stored: Mapping[str, str]
) -> TransformerConfig:
    """Return the core's config; the file has the last word on the pooler, and on tied tables."""
    kind = form.family.architectures[form.architecture]
    bare = form.architecture == form.family.bare
    headed = not bare or any(plain(title(entry)) in stored for entry in kind.tensors.values())
    config = form.family.read(theirs, form.architecture, headed)
    if config.head is None or not config.head.tied:
        return config
    table = (
        "decoder.input.token.weight" if config.decoder and not config.shared else "encoder.input.token.weight"
    )
    names = form.family.names([table, "head.output.weight"], form.architecture, config.first.gated)
    mine, theirs_ = (first_of(names[one], stored) for one in ("head.output.weight", table))
    if mine and theirs_ and not same(tensors[stored[mine]], tensors[stored[theirs_]]):
        return replace(config, head=replace(config.head, tied=False))
    return config


def parameters(transformer: Transformer) -> dict[str, torch.Size]:
    """Return the shape of every parameter, a table that two stacks share once."""
    shapes = {name: value.shape for name, value in transformer.state_dict().items()}
    if transformer.config.shared:
        del shapes["decoder.input.token.weight"]
    return shapes


def check_rest(rest: list[str], form: Form, source: str) -> None:
    """Raise CheckpointError if a tensor has no place and is not known to be without one."""
    known = form.family.ignored
    unknown = [name for name in rest if not any(fnmatchcase(name, pattern) for pattern in known)]
    if unknown:
        raise CheckpointError(
            f"{source}: {len(unknown)} tensors have no place in a {form.family.name} model: "
            f"{unknown[0]!r:.100}. The files belong to another architecture than config.json says."
        )
