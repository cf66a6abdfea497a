"""Small models with a tokenizer, made by the reference library, in folders that `see` can open."""

import sys
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "families"))

WORDS = [
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "the",
    "bank",
    "of",
    "river",
    "was",
    "muddy",
    "after",
    "rain",
    "<",
    ">",
    "é",
]


def folder(name: str, home: Path, marks: bool = False) -> Path:
    """Write the tiny model `name` (as tests/families/tiny.py has it) with a tokenizer of words."""
    from tiny import make

    place = home / name
    make(name).save_pretrained(place)
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    if marks:
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        )
    tokenizer.save(str(place / "tokenizer.json"))
    return place
