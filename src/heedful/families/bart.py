"""BART (Lewis et al. 2020), norms last; mBART (Liu et al. 2020), the same with norms first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from heedful.families.bert import POOLER
from heedful.families.family import ACTIVATIONS, LABELS, Architecture, Family, Key, Stored, both, labels

BLOCK = {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.out_proj",
    "attention_norm": "self_attn_layer_norm",
    "feedforward.up": "fc1",
    "feedforward.down": "fc2",
    "feedforward_norm": "final_layer_norm",
}
CROSS = {
    "cross.query": "encoder_attn.q_proj",
    "cross.key": "encoder_attn.k_proj",
    "cross.value": "encoder_attn.v_proj",
    "cross.output": "encoder_attn.out_proj",
    "cross_norm": "encoder_attn_layer_norm",
}


def stack(name: str, **more: Any) -> dict[str, Any]:
    """Return the fields of one of the two stacks."""
    return {
        "input.vocab": Key("vocab_size"),
        "input.positions": Key("max_position_embeddings"),
        "input.scaled": Key("scale_embedding", False),
        "width": Key("d_model"),
        "depth": Key(f"{name}_layers"),
        "heads": Key(f"{name}_attention_heads"),
        "hidden": Key(f"{name}_ffn_dim"),
        "activation": Key("activation_function", "gelu", ACTIVATIONS),
        "norm_eps": 1e-5,
        "causal": name == "decoder",
        "cross": name == "decoder",
        "dropout": Key("dropout", 0.1),
        "attention_dropout": Key("attention_dropout", 0.0),
        **more,
    }


def generation(vocab: str = "vocab_size") -> Architecture:
    """Return a head of the next word, tied, with a bias that the files call final_logits_bias."""
    return Architecture(
        head={"outputs": Key(vocab), "tied": Key("tie_word_embeddings", True)},
        tensors={
            "head.output.weight": "lm_head.weight",
            "head.output.bias": Stored("final_logits_bias", squeezed=1, zero=True),
            "head.bias": Stored("final_logits_bias", squeezed=1, zero=True),
        },
    )


def architectures(title: str) -> Mapping[str, Architecture]:
    """Return the heads under one of the family's names."""
    return {
        f"{title}Model": Architecture(),
        f"{title}ForConditionalGeneration": generation(),
        f"{title}ForSequenceClassification": Architecture(
            head={**POOLER, "of": "last", "outputs": LABELS},
            tensors=both({"dense": "dense", "output": "out_proj"}, "head.", "classification_head."),
        ),
        f"{title}ForQuestionAnswering": Architecture(
            head={"outputs": 2}, tensors=both({"head.output": "qa_outputs"})
        ),
    }


def tensors(positions: bool = True) -> dict[str, str | Stored]:
    """Return the names of both stacks; the tables of positions have two rows in front that mean nothing."""
    table: dict[str, str | Stored] = {
        "encoder.input.token.weight": Stored(
            "shared.weight", also=("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
        ),
        **both(CROSS, "decoder.blocks.{i}.", "decoder.layers.{i}."),
    }
    for name in ("encoder", "decoder"):
        table |= both(BLOCK, f"{name}.blocks.{{i}}.", f"{name}.layers.{{i}}.")
        if positions:
            table[f"{name}.input.position.weight"] = Stored(f"{name}.embed_positions.weight", skipped=2)
            table |= both({"input.norm": "layernorm_embedding", "norm": "layer_norm"}, f"{name}.", f"{name}.")
    return table


BART = Family(
    name="bart",
    bare="BartModel",
    encoder=stack("encoder"),
    decoder=stack("decoder"),
    architectures=architectures("Bart"),
    tensors=tensors(),
    prefix="model.",
    holds={"is_encoder_decoder": True},
    older=labels,
    ignored=("lm_head.weight", "final_logits_bias"),
)
MBART = replace(
    BART,
    name="mbart",
    bare="MBartModel",
    encoder=stack("encoder", norm_at="pre"),
    decoder=stack("decoder", norm_at="pre"),
    architectures=architectures("MBart"),
)
