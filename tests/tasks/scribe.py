"""Folders of tiny random models that read and write text, with a tiny byte-level tokenizer."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from families.tiny import TINY

SPECIAL = ["<pad>", "<s>", "</s>", "<mask>", "<|im_start|>", "<|im_end|>"]
CORPUS = [
    "the bank of the river",
    "größer als 5 €, später! 日本語のテキスト",
    "she sells sea shells by the sea shore 🙂🙃",
]
VOCAB = 310
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] "
    "+ '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def write_tokenizer(folder: Path, ends: bool) -> None:
    """Write a byte-level BPE; with `ends`, it puts </s> behind each text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    engine.train_from_iterator(CORPUS * 3, trainer)
    if ends:
        engine.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    engine.save(str(folder / "tokenizer.json"))
    config = {
        "bos_token": "<s>", "eos_token": "</s>", "mask_token": "<mask>", "pad_token": "<pad>",
        "chat_template": CHATML, "tokenizer_class": "PreTrainedTokenizerFast",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


@cache
def folder(name: str) -> Path:
    """Return a folder with the tiny model of that name in `families.tiny`, of a larger vocabulary."""
    import transformers

    tiny = TINY[name]
    config: dict[str, Any] = {**tiny.config, "vocab_size": VOCAB, "bos_token_id": 1, "eos_token_id": 2}
    config |= {"pad_token_id": int(name == "roberta"), "forced_eos_token_id": None}
    config |= {"n_positions": 64} if "n_positions" in config else {"max_position_embeddings": 64}
    if "decoder_start_token_id" in config or "encoder_layers" in config:
        config["decoder_start_token_id"] = 0
    torch.manual_seed(sum(map(ord, name)))
    kind = getattr(transformers, tiny.model)
    model = kind(kind.config_class(**config)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter + 0.3 * torch.randn_like(parameter))
    path = Path(mkdtemp())
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(path)
    write_tokenizer(path, "encoder_layers" in config or "num_decoder_layers" in config or name == "t5")
    return path


def reference(name: str) -> Any:
    """Return the reference's model from the same folder."""
    import transformers

    return getattr(transformers, TINY[name].model).from_pretrained(folder(name)).eval()
