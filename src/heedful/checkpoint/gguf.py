"""GGUF files (llama.cpp's format) of the llama family: read as a config, fp32 tensors and a tokenizer."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heedful.errors import CheckpointError, ConfigError
from heedful.text.rebuilt import rebuilt

KEYS = {  # of the file, after the architecture's name -> of config.json
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}
TENSORS = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
TURNED = {"attn_q": "num_attention_heads", "attn_k": "num_key_value_heads"}  # pairs lie side by side
SPECIAL = {"bos_token_id": "bos_token_id", "eos_token_id": "eos_token_id", "padding_token_id": "pad_token_id"}


def opened_gguf(path: Path) -> "GGUF":
    """Return the file, read once for its weights and its tokenizer."""
    about = path.stat()
    return _opened(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=1)
def _opened(path: Path, changed: int, size: int) -> "GGUF":  # noqa: ARG001
    return GGUF(path)


class GGUF(Mapping[str, Tensor]):
    """One file: `config` as config.json would have it, tensors by their names in the family's safetensors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            from gguf import GGUFReader

            class Plain(GGUFReader):
                """Reads through a plain view of the mapped file: a memmap is slow to slice."""

                data = property(
                    lambda self: self.view, lambda self, given: setattr(self, "view", np.asarray(given))
                )

            reader = Plain(path)
            self.fields = {name: field.contents() for name, field in reader.fields.items()}
            self.entries = {entry.name: entry for entry in reader.tensors}
        except ImportError:
            raise ConfigError(f"{path} is a GGUF file, which needs: pip install gguf") from None
        except Exception as problem:  # the reader raises whatever a damaged file leads it to
            raise CheckpointError(
                f"{path} cannot be read as GGUF ({problem}). Copy the file again."
            ) from None
        self.config = self.read_config()
        self.names = {self.theirs(name): name for name in self.entries}

    def read_config(self) -> dict[str, Any]:
        """Return what config.json would say."""
        kind = self.fields.get("general.architecture")
        if kind != "llama":
            raise ConfigError(
                f"{self.path} holds {kind!r}; of GGUF files only llama's kind is read. Use another."
            )
        config = {
            key: self.fields[f"{kind}.{name}"]
            for name, key in KEYS.items()
            if f"{kind}.{name}" in self.fields
        }
        tokens = self.fields.get("tokenizer.ggml.tokens")
        scaling = self.fields.get(f"{kind}.rope.scaling.type", "none")
        if scaling != "none" or "rope_freqs.weight" in self.entries:
            raise ConfigError(
                f"{self.path} scales its rotary angles ({scaling}), which is not read from GGUF."
            )
        special = {key: self.fields.get(f"tokenizer.ggml.{name}") for name, key in SPECIAL.items()}
        return {
            "model_type": "llama",
            "architectures": ["LlamaForCausalLM"],
            "vocab_size": len(tokens) if isinstance(tokens, list) else self.fields.get(f"{kind}.vocab_size"),
            "tie_word_embeddings": "output.weight" not in self.entries,
            **config,
            **{key: value for key, value in special.items() if value is not None},
        }

    def theirs(self, name: str) -> str:
        """Return the safetensors name of a tensor."""
        body, _, kind = name.rpartition(".")
        home, number, part = "", "", body
        if body.startswith("blk."):
            _, number, part = body.split(".", 2)
            home = f"model.layers.{number}."
        return f"{home}{TENSORS.get(part, part)}.{kind}"

    def __getitem__(self, name: str) -> Tensor:
        from gguf import dequantize

        own = self.names[name]
        entry = self.entries[own]
        try:
            values = np.array(dequantize(entry.data, entry.tensor_type), dtype=np.float32)
            values = values.reshape([int(size) for size in reversed(entry.shape)])
            for part, heads in TURNED.items():
                if own.endswith(f".{part}.weight"):
                    values = apart(values, self.config.get(heads) or self.config["num_attention_heads"])
        except Exception as problem:  # of a damaged file
            raise CheckpointError(
                f"{self.path}: {own} cannot be read ({problem}). Copy the file again."
            ) from None
        return torch.from_numpy(values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def tokenizer(self) -> tuple[str, dict[str, Any]]:
        """Return tokenizer.json and tokenizer_config.json, made anew from the file's vocabulary."""
        part = {name.removeprefix("tokenizer."): value for name, value in self.fields.items()}
        return rebuilt(part, str(self.path))


def apart(weight: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Undo llama.cpp's order of rows: (2 i, 2 i + 1) of each head become (i, i + K / 2)."""
    rows = weight.reshape(heads, -1, 2, *weight.shape[1:])
    return rows.swapaxes(1, 2).reshape(weight.shape)
