"""The special tokens that each way of pretraining needs, as data, and the files that name them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from heedful.errors import TokenizerError
from heedful.text.tokenizer import Tokenizer

SENTINELS = 100  # of T5


@dataclass(frozen=True)
class Marks:
    """Special tokens. `roles` named as in tokenizer_config.json (bos, eos, pad, unk ...), in order of ids.

    `more` are further ones, `one` and `two` the templates around a text and a pair, `habits` what config.json
    says (a key without its `_token_id`, and the token). A kind of tokenizer that cannot write every text
    adds `unknown` if no role has it.
    """

    roles: Mapping[str, str]
    habits: Mapping[str, str]
    more: tuple[str, ...] = ()
    one: str = ""
    two: str = ""
    segments: bool = False  # do the two texts of a pair have different segments?
    unknown: str = "<unk>"

    def tokens(self, unknown: bool) -> list[str]:
        """Return every special token in order of ids; with `unknown`, one for it is among them."""
        named = list(dict.fromkeys(self.roles.values()))
        missing = [self.unknown] if unknown and "unk" not in self.roles else []
        return [*named, *missing, *self.more]


END = "<|endoftext|>"
MARKS = {
    "clm": Marks(  # GPT-2: one token between documents, nothing around a text
        roles={"bos": END, "eos": END},
        habits={"bos": END, "eos": END},
    ),
    "mlm": Marks(  # BERT
        roles={"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"},
        habits={"pad": "[PAD]"},
        one="[CLS]:0 $A:0 [SEP]:0",
        two="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        segments=True,
    ),
    "denoise": Marks(  # T5
        roles={"pad": "<pad>", "eos": "</s>", "unk": "<unk>"},
        habits={"pad": "<pad>", "eos": "</s>", "decoder_start": "<pad>"},
        more=tuple(f"<extra_id_{number}>" for number in range(SENTINELS)),
        one="$A </s>",
        two="$A </s> $B </s>",
    ),
    "translate": Marks(  # Marian
        roles={"pad": "<pad>", "eos": "</s>", "unk": "<unk>"},
        habits={"pad": "<pad>", "eos": "</s>", "decoder_start": "<pad>"},
        one="$A </s>",
        two="$A </s> $B </s>",
    ),
    "infill": Marks(  # BART
        roles={"bos": "<s>", "pad": "<pad>", "eos": "</s>", "unk": "<unk>", "mask": "<mask>"},
        habits={"bos": "<s>", "pad": "<pad>", "eos": "</s>", "decoder_start": "</s>", "forced_eos": "</s>"},
        one="<s> $A </s>",
        two="<s> $A </s> </s> $B </s>",
    ),
}


def habits(tokenizer: Tokenizer, marks: Marks) -> dict[str, int]:
    """Return what config.json says of special tokens: `pad_token_id`, `decoder_start_token_id` and so on."""
    return {f"{key}_token_id": id_of(tokenizer, token) for key, token in marks.habits.items()}


def id_of(tokenizer: Tokenizer, token: str) -> int:
    """Return a special token's id; TokenizerError where the tokenizer lacks it."""
    found = tokenizer.engine.token_to_id(token)
    if found is None:
        raise TokenizerError(
            f"the tokenizer has no {token}, which this way of training needs. Train one, or take another."
        )
    return int(found)


def companions(marks: Marks, unknown: bool, max_tokens: int) -> dict[str, str]:
    """Return the files beside tokenizer.json by which the ecosystem knows the special tokens."""
    named = {f"{role}_token": token for role, token in marks.roles.items()}
    if unknown:
        named.setdefault("unk_token", marks.unknown)
    listed = {**named, "additional_special_tokens": list(marks.more)} if marks.more else named
    inputs = ["input_ids", *(["token_type_ids"] if marks.segments else []), "attention_mask"]
    settings = {
        **listed,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": max_tokens,
        "model_input_names": inputs,
        "clean_up_tokenization_spaces": False,
    }
    files = {"tokenizer_config.json": settings, "special_tokens_map.json": listed}
    return {name: json.dumps(content, indent=2) + "\n" for name, content in files.items()}
