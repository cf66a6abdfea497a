"""T5 (Raffel et al. 2020), versions 1.0 and 1.1 (Flan-T5): shifts by distance, no scale of the scores."""

from heedful.families.family import Architecture, Config, Family, Key, Stored

ACTIVATIONS = {
    "relu": "relu",
    "gated-gelu": "gelu_tanh",
    "gated-silu": "silu",
    "gelu": "gelu",
    "silu": "silu",
}
GATED = {word: word.startswith("gated-") for word in ACTIVATIONS}


def older(config: Config) -> None:
    """Spell out the decoder's depth, and that a model whose output table is its own does not scale for it."""
    if config.get("num_decoder_layers") is None:
        config["num_decoder_layers"] = config["num_layers"]
    config.setdefault("scale_decoder_outputs", config.get("tie_word_embeddings", True))


STACK = {
    "input.vocab": Key("vocab_size"),
    "input.positions": 0,
    "input.placed": "none",
    "input.normed": False,
    "width": Key("d_model"),
    "heads": Key("num_heads"),
    "head_width": Key("d_kv"),
    "hidden": Key("d_ff"),
    "activation": Key("feed_forward_proj", "relu", ACTIVATIONS),
    "gated": Key("feed_forward_proj", "relu", GATED),
    "norm": "rms",
    "norm_at": "pre",
    "norm_eps": Key("layer_norm_epsilon", 1e-6),
    **{f"biased.{name}": False for name in ("query", "key", "value", "output", "up", "down")},
    "score_scale": 1.0,
    "relative.buckets": Key("relative_attention_num_buckets", 32),
    "relative.distance": Key("relative_attention_max_distance", 128),
    "dropout": Key("dropout_rate", 0.1),
    "attention_dropout": Key("dropout_rate", 0.1),
}
RELATIVE = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
ATTENTION = {"query": "q", "key": "k", "value": "v", "output": "o"}


def attention(stack: str, ours: str, layer: int, theirs: str) -> dict[str, str | Stored]:
    """Return the names of one attention and its norm."""
    home = f"{stack}.block.{{i}}.layer.{layer}."
    return {
        **{
            f"{stack}.blocks.{{i}}.{ours}.{k}.weight": f"{home}{theirs}.{v}.weight"
            for k, v in ATTENTION.items()
        },
        f"{stack}.blocks.{{i}}.{ours}_norm.weight": f"{home}layer_norm.weight",
    }


def stack(name: str, layer: int) -> dict[str, str | Stored]:
    """Return the names of one stack, whose feed-forward is the block's sublayer number `layer`."""
    home, ours = f"{name}.block.{{i}}.layer.{layer}.", f"{name}.blocks.{{i}}.feedforward"
    return {
        **attention(name, "attention", 0, "SelfAttention"),
        f"{name}.places.relative.weight": f"{name}.{RELATIVE}",
        f"{name}.norm.weight": f"{name}.final_layer_norm.weight",
        f"{ours}.gate.weight": f"{home}DenseReluDense.wi_0.weight",
        f"{ours}.up.weight": Stored(
            f"{home}DenseReluDense.wi_1.weight", ungated=f"{home}DenseReluDense.wi.weight"
        ),
        f"{ours}.down.weight": f"{home}DenseReluDense.wo.weight",
        f"{ours}_norm.weight": f"{home}layer_norm.weight",
    }


T5 = Family(
    name="t5",
    bare="T5Model",
    encoder={**STACK, "depth": Key("num_layers")},
    decoder={**STACK, "depth": Key("num_decoder_layers"), "causal": True, "cross": True},
    architectures={
        "T5Model": Architecture(),
        "T5EncoderModel": Architecture(stacks=("encoder",)),
        "T5ForConditionalGeneration": Architecture(
            head={
                "outputs": Key("vocab_size"),
                "biased": False,
                "tied": Key("tie_word_embeddings", True),
                "scaled": Key("scale_decoder_outputs", True),
            },
            tensors={"head.output.weight": "lm_head.weight"},
        ),
    },
    tensors={
        "encoder.input.token.weight": Stored(
            "shared.weight", also=("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
        ),
        **stack("encoder", 1),
        **stack("decoder", 2),
        **attention("decoder", "cross", 1, "EncDecAttention"),
    },
    older=older,
    ignored=("decoder.*", "lm_head.weight"),
)
