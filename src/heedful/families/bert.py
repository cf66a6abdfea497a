"""BERT (Devlin et al. 2019) and what shares its files: MiniLM, BGE, E5 and most small sentence encoders."""

from heedful.families.family import Family

SUBLAYERS = {
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "attention.output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "feedforward.up": "intermediate.dense",
    "feedforward.down": "output.dense",
    "feedforward_norm": "output.LayerNorm",
}

BERT = Family(
    name="bert",
    architecture="BertModel",
    keys={
        "input.vocab": ("vocab_size", None),
        "input.positions": ("max_position_embeddings", None),
        "input.segments": ("type_vocab_size", 2),
        "width": ("hidden_size", None),
        "depth": ("num_hidden_layers", None),
        "heads": ("num_attention_heads", None),
        "hidden": ("intermediate_size", None),
        "activation": ("hidden_act", "gelu"),
        "norm_eps": ("layer_norm_eps", 1e-12),
        "dropout": ("hidden_dropout_prob", 0.1),
        "attention_dropout": ("attention_probs_dropout_prob", 0.1),
    },
    fixed={"norm_at": "post", "causal": False},
    values={
        "hidden_act": {
            "gelu": "gelu",
            "gelu_new": "gelu_tanh",
            "gelu_pytorch_tanh": "gelu_tanh",
            "relu": "relu",
            "silu": "silu",
            "swish": "silu",
        }
    },
    holds={"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False},
    tensors={
        "input.token.weight": "embeddings.word_embeddings.weight",
        "input.position.weight": "embeddings.position_embeddings.weight",
        "input.segment.weight": "embeddings.token_type_embeddings.weight",
        "input.norm.weight": "embeddings.LayerNorm.weight",
        "input.norm.bias": "embeddings.LayerNorm.bias",
        **{
            f"stack.blocks.{{i}}.{ours}.{kind}": f"encoder.layer.{{i}}.{theirs}.{kind}"
            for ours, theirs in SUBLAYERS.items()
            for kind in ("weight", "bias")
        },
        "pooler.dense.weight": "pooler.dense.weight",
        "pooler.dense.bias": "pooler.dense.bias",
    },
    prefixes=("bert.",),
    ignored=("embeddings.position_ids", "cls.", "classifier."),
)
