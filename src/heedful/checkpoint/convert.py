"""A clean safetensors folder from any form that is read: GGUF, shards, a pickle, older names."""

import json
from pathlib import Path

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Loaded, load_tokenizer, load_transformer, save_transformer
from heedful.core.config import TokenInput
from heedful.errors import CheckpointError, DataError, TokenizerError
from heedful.storage import inside, read_json, writing
from heedful.text.sentencepiece import has_pieces
from heedful.text.tokenizer import UNCUT

BESIDE = (  # settings of task and tokenizer that go along, as data
    "modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json",
    "generation_config.json", "preprocessor_config.json",
)  # fmt: skip


def convert(source: str | Path, target: str | Path, pickle: bool = False) -> Loaded:
    """Write the model that `source` names to the new folder `target`, with its tokenizer and settings."""
    target = Path(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{target} is there already and not empty. Name a new folder.")
    folder, _ = find(source)
    loaded = load_transformer(folder, pickle)
    with writing(target) as fresh:
        save_transformer(loaded.transformer, loaded.form, fresh)
        copy_tokenizer(folder, loaded, fresh)
        for name in BESIDE:
            if inside(folder, name).is_file():
                settings = read_json(inside(folder, name), CheckpointError)
                (fresh / name).parent.mkdir(exist_ok=True)
                (fresh / name).write_text(json.dumps(settings, indent=2, ensure_ascii=False), "utf-8")
    return loaded


def copy_tokenizer(folder: Path, loaded: Loaded, target: Path) -> None:
    """Write the tokenizer, where there is one."""
    if not isinstance(loaded.transformer.config.last.input, TokenInput):
        return
    try:
        load_tokenizer(folder, UNCUT).save(target)
    except TokenizerError:
        if (folder / "tokenizer.json").exists() or has_pieces(folder):
            raise
