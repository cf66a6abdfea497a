"""Folders of small untrained models that read and write letters."""

import json
from pathlib import Path

from heedful.checkpoint.folder import Form, save_transformer
from heedful.core.model import Transformer
from heedful.families import FAMILIES
from heedful.families.fresh import fresh_config
from heedful.text.marks import MARKS, habits
from heedful.text.training import train_tokenizer
from heedful.train.initial import initialise

LETTERS = "abcdefghij klmnopqrstuvwxyz0123456789+=:.?"
KINDS = {
    "llama": ("LlamaForCausalLM", "clm"),
    "t5": ("T5ForConditionalGeneration", "denoise"),
    "bart": ("BartForConditionalGeneration", "infill"),
}
TEMPLATE = (
    "{% for m in messages %}{{ m.role[0] + ':' + m.content }}"
    "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'a:' }}{% endif %}"
)


def novice(folder: Path, family: str = "llama", places: int = 64, width: int = 48) -> Path:
    """Write an untrained model of two blocks, its tokenizer of characters and a chat template."""
    architecture, kind = KINDS[family]
    tokenizer = train_tokenizer("char", [LETTERS], 200, MARKS[kind], places)
    sizes = {
        "input.vocab": tokenizer.vocab, "input.positions": places, "width": width, "depth": 2, "heads": 4,
        "kv_heads": 4, "head_width": width // 4, "hidden": 2 * width, "head.outputs": tokenizer.vocab,
        "head.tied": True,
    }  # fmt: skip
    theirs = fresh_config(FAMILIES[family], architecture, sizes)
    model = Transformer(FAMILIES[family].read(theirs, architecture))
    initialise(model, 0)
    folder.mkdir(parents=True, exist_ok=True)
    save_transformer(model, Form(FAMILIES[family], architecture, habits(tokenizer, MARKS[kind])), folder)
    tokenizer.save(folder)
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "chat_template": TEMPLATE}))
    return folder
