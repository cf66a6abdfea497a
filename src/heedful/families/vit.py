"""ViT (Dosovitskiy et al. 2021): an encoder that reads an image as a row of patches."""

from heedful.core.config import PatchInput
from heedful.families.bert import POOLED, POOLER
from heedful.families.family import ACTIVATIONS, LABELS, Architecture, Family, Key, Stored, both, labels

BLOCK = {
    "attention.query": "attention.attention.query",
    "attention.key": "attention.attention.key",
    "attention.value": "attention.attention.value",
    "attention.output": "attention.output.dense",
    "attention_norm": "layernorm_before",
    "feedforward.up": "intermediate.dense",
    "feedforward.down": "output.dense",
    "feedforward_norm": "layernorm_after",
}

VIT = Family(
    name="vit",
    bare="ViTModel",
    encoder={
        "input": PatchInput,
        "input.image": Key("image_size"),
        "input.patch": Key("patch_size"),
        "input.channels": Key("num_channels", 3),
        "width": Key("hidden_size"),
        "depth": Key("num_hidden_layers"),
        "heads": Key("num_attention_heads"),
        "hidden": Key("intermediate_size"),
        "activation": Key("hidden_act", "gelu", ACTIVATIONS),
        "norm_at": "pre",
        "norm_eps": Key("layer_norm_eps", 1e-12),
        **{f"biased.{name}": Key("qkv_bias", True) for name in ("query", "key", "value")},
        "dropout": Key("hidden_dropout_prob", 0.0),
        "attention_dropout": Key("attention_probs_dropout_prob", 0.0),
    },
    architectures={
        "ViTModel": Architecture(
            head={**POOLER, "activation": Key("pooler_act", "tanh", ACTIVATIONS)},
            tensors=POOLED,
        ),
        "ViTForImageClassification": Architecture(
            head={"of": "first", "outputs": LABELS}, tensors=both({"head.output": "classifier"})
        ),
    },
    tensors={
        "encoder.input.first": Stored("embeddings.cls_token", squeezed=2),
        "encoder.input.position": Stored("embeddings.position_embeddings", squeezed=1),
        **both({"encoder.input.patch": "embeddings.patch_embeddings.projection"}),
        **both(BLOCK, "encoder.blocks.{i}.", "encoder.layer.{i}."),
        **both({"encoder.norm": "layernorm"}),
    },
    prefix="vit.",
    older=labels,
    ignored=("pooler.*", "classifier.*"),
)
