"""ModernBERT (Warner et al. 2024): norms first, rotary positions, gates, windows in two blocks of three."""

from collections.abc import Sequence

from heedful.families.family import (
    ACTIVATIONS,
    LABELS,
    Architecture,
    Config,
    Family,
    Key,
    both,
    fused,
    labels,
)  # fmt: skip

POOLINGS = {"cls": "first", "mean": "mean"}
KINDS = {"full_attention": False, "sliding_attention": True}
HEAD = {
    "dense": True,
    "dense_biased": Key("classifier_bias", False),
    "activation": Key("classifier_activation", "gelu", ACTIVATIONS),
    "norm": True,
}
HEADED = both({"dense": "head.dense", "norm": "head.norm", "output": "classifier"}, "head.")


def marks(kinds: Sequence[str]) -> tuple[bool, ...]:
    """Return which blocks see a window only."""
    return tuple(KINDS[kind] for kind in kinds)


def kinds(local: tuple[bool, ...]) -> list[str]:
    """Return the file's words for them."""
    return [word for mark in local for word, meant in KINDS.items() if meant == mark]


def half(window: int) -> int:
    """Return how far a token sees, itself included, for a window that counts both sides."""
    return window // 2 + 1


def whole(window: int) -> int:
    """Return the window that counts both sides."""
    return 2 * (window - 1)


def older(config: Config) -> None:
    """Spell out the blocks' kinds and the two angles, which older files give as numbers."""
    labels(config)
    if "layer_types" not in config:
        every, depth = config.get("global_attn_every_n_layers", 3), min(config["num_hidden_layers"], 1000)
        config["layer_types"] = ["sliding_attention" if i % every else "full_attention" for i in range(depth)]
    if "rope_parameters" not in config:
        config["rope_parameters"] = {
            "full_attention": {"rope_theta": config.get("global_rope_theta", 160000.0)},
            "sliding_attention": {"rope_theta": config.get("local_rope_theta", 10000.0)},
        }


def theta(kind: str, default: float) -> Key:
    """Return where the angles of one kind of block stand."""
    return Key(f"rope_parameters.{kind}.rope_theta", default)


def scaling(kind: str) -> Key:
    """Return where it says how they are scaled: not at all."""
    return Key(f"rope_parameters.{kind}.rope_type", "default", {"default": "none"})


MODERNBERT = Family(
    name="modernbert",
    bare="ModernBertModel",
    encoder={
        "input.vocab": Key("vocab_size"),
        "input.positions": Key("max_position_embeddings", 8192),
        "input.placed": "none",
        "width": Key("hidden_size"),
        "depth": Key("num_hidden_layers"),
        "heads": Key("num_attention_heads"),
        "hidden": Key("intermediate_size"),
        "activation": Key("hidden_activation", "gelu", ACTIVATIONS),
        "gated": True,
        "norm_at": "pre",
        "norm_eps": Key("norm_eps", 1e-5),
        "first_norm": False,
        **{f"biased.{name}": Key("attention_bias", False) for name in ("query", "key", "value", "output")},
        **{f"biased.{name}": Key("mlp_bias", False) for name in ("up", "down")},
        "biased.norm": Key("norm_bias", False),
        "rotary.theta": theta("full_attention", 160000.0),
        "rotary.scaling": scaling("full_attention"),
        "local_rotary.theta": theta("sliding_attention", 10000.0),
        "local_rotary.scaling": scaling("sliding_attention"),
        "window": Key("local_attention", 128, read=half, write=whole),
        "local": Key("layer_types", read=marks, write=kinds),
        "dropout": Key("mlp_dropout", 0.0),
        "attention_dropout": Key("attention_dropout", 0.0),
    },
    architectures={
        "ModernBertModel": Architecture(),
        "ModernBertForMaskedLM": Architecture(
            head={
                **HEAD,
                "outputs": Key("vocab_size"),
                "biased": Key("decoder_bias", True),
                "tied": Key("tie_word_embeddings", True),
            },
            tensors={**HEADED, **both({"head.output": "decoder"}), "head.bias": "decoder.bias"},
        ),
        "ModernBertForSequenceClassification": Architecture(
            head={**HEAD, "of": Key("classifier_pooling", "cls", POOLINGS), "outputs": LABELS}, tensors=HEADED
        ),
        "ModernBertForTokenClassification": Architecture(head={**HEAD, "outputs": LABELS}, tensors=HEADED),
        "ModernBertForQuestionAnswering": Architecture(head={**HEAD, "outputs": 2}, tensors=HEADED),
    },
    tensors={
        "encoder.input.token.weight": "embeddings.tok_embeddings.weight",
        **both({"encoder.input.norm": "embeddings.norm", "encoder.norm": "final_norm"}),
        **fused(("query", "key", "value"), "encoder.blocks.{i}.attention.", "layers.{i}.attn.Wqkv"),
        **fused(("gate", "up"), "encoder.blocks.{i}.feedforward.", "layers.{i}.mlp.Wi"),
        **both(
            {
                "attention.output": "attn.Wo",
                "attention_norm": "attn_norm",
                "feedforward.down": "mlp.Wo",
                "feedforward_norm": "mlp_norm",
            },
            "encoder.blocks.{i}.",
            "layers.{i}.",
        ),
    },
    prefix="model.",
    older=older,
    ignored=("head.*", "decoder.*", "classifier.*"),
)
