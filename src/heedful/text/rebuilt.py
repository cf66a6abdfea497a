"""A tokenizer.json made from the bare vocabulary and merges that a GGUF file holds."""

from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

from heedful.errors import TokenizerError

SPECIAL, USER = 3, 4  # kinds of token in the file
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def bytes_only() -> list[Any]:
    """Return GPT-2's way of cutting a text."""
    return [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]


def digits_apart() -> list[Any]:
    """Return SmolLM's: every digit by itself."""
    return [pre_tokenizers.Digits(individual_digits=True), *bytes_only()]


def by_threes() -> list[Any]:
    """Return Llama 3's: up to three digits together."""
    cut = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    return [cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


CUTS = {
    "gpt-2": bytes_only,
    "default": bytes_only,
    "smollm": digits_apart,
    "llama-bpe": by_threes,
}


def rebuilt(fields: Mapping[str, Any], source: str) -> tuple[str, dict[str, Any]]:
    """Return tokenizer.json and tokenizer_config.json for the `tokenizer.` fields of a GGUF file."""
    tokens, merges, cut = (fields.get(f"ggml.{name}") for name in ("tokens", "merges", "pre"))
    kinds = fields.get("ggml.token_type") or []
    if fields.get("ggml.model") != "gpt2" or cut not in CUTS:
        raise TokenizerError(
            f"{source} has a tokenizer of the kind {fields.get('ggml.model')!r}, {cut!r};"
            f" known are byte-level BPE of {', '.join(CUTS)}. Use a folder with tokenizer.json."
        )
    try:
        vocab = {token: index for index, token in enumerate(tokens or [])}
        pairs = [tuple(merge.split(" ")) for merge in merges or []]
        engine = Tokenizer(models.BPE(vocab, pairs))
        engine.pre_tokenizer = pre_tokenizers.Sequence(CUTS[cut]())
        engine.decoder = decoders.ByteLevel()
        engine.add_special_tokens(
            [AddedToken(t, normalized=False) for t, k in zip(vocab, kinds, strict=False) if k == SPECIAL]
        )
        engine.add_tokens(
            [AddedToken(t, normalized=False) for t, k in zip(vocab, kinds, strict=False) if k == USER]
        )
    except Exception as problem:  # the engine raises bare Exception
        raise TokenizerError(f"{source}: its vocabulary cannot be used ({problem}). Copy the file.") from None
    names = list(vocab)
    settings: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast"}
    for name, key in (("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("padding", "pad")):
        index = fields.get(f"ggml.{name}_token_id")
        if isinstance(index, int) and 0 <= index < len(names):
            settings[f"{key}_token"] = names[index]
    if isinstance(template := fields.get("chat_template"), str):
        settings["chat_template"] = template
    return engine.to_str(), settings
