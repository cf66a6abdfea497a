"""Llama (Touvron et al. 2023) and its kin: SmolLM has the same files, Mistral a window, Qwen2 biases."""

from dataclasses import replace

from heedful.families.bert import TOKENS
from heedful.families.family import ACTIVATIONS, LABELS, Architecture, Config, Family, Key, labels
from heedful.families.modernbert import kinds, marks

SCALINGS = {"default": "none", "linear": "linear", "llama3": "llama3"}
ROPE = "rope_parameters"


def older(config: Config) -> None:
    """Spell out what files leave to a rule, and gather the angles, which older files keep in two places."""
    labels(config)
    if config.get("num_key_value_heads") is None:
        config["num_key_value_heads"] = config["num_attention_heads"]
    if config.get("head_dim") is None:
        config["head_dim"] = config["hidden_size"] // config["num_attention_heads"]
    rope = config.get(ROPE)
    if rope is None:
        rope = {"rope_theta": config.get("rope_theta", 10000.0), **(config.get("rope_scaling") or {})}
    rope = dict(rope)
    rope.setdefault("rope_type", rope.get("type", "default"))
    config[ROPE] = rope


def older_with_window(config: Config) -> None:
    """Also say which blocks have the window: those from `max_window_layers` on, where it is in use at all."""
    older(config)
    if not config.get("use_sliding_window", False):
        config["sliding_window"] = None
    config["use_sliding_window"] = True
    depth = min(config["num_hidden_layers"], 1000)
    begin = config.get("max_window_layers", 28) if config.get("sliding_window") is not None else depth
    if config.get("layer_types") is None:
        config["layer_types"] = [
            "sliding_attention" if i >= begin else "full_attention" for i in range(depth)
        ]


DECODER = {
    "input.vocab": Key("vocab_size"),
    "input.positions": Key("max_position_embeddings", 2048),
    "input.placed": "none",
    "input.normed": False,
    "width": Key("hidden_size"),
    "depth": Key("num_hidden_layers"),
    "heads": Key("num_attention_heads"),
    "kv_heads": Key("num_key_value_heads"),
    "head_width": Key("head_dim"),
    "hidden": Key("intermediate_size"),
    "activation": Key("hidden_act", "silu", ACTIVATIONS),
    "gated": True,
    "norm": "rms",
    "norm_at": "pre",
    "norm_eps": Key("rms_norm_eps", 1e-6),
    **{f"biased.{name}": Key("attention_bias", False) for name in ("query", "key", "value", "output")},
    **{f"biased.{name}": Key("mlp_bias", False) for name in ("up", "down")},
    "causal": True,
    "rotary.theta": Key(f"{ROPE}.rope_theta", 10000.0),
    "rotary.scaling": Key(f"{ROPE}.rope_type", "default", SCALINGS),
    "rotary.factor": Key(f"{ROPE}.factor", 1.0, optional=True),
    "rotary.low": Key(f"{ROPE}.low_freq_factor", 1.0, optional=True),
    "rotary.high": Key(f"{ROPE}.high_freq_factor", 4.0, optional=True),
    "rotary.original": Key(f"{ROPE}.original_max_position_embeddings", 8192, optional=True),
    "attention_dropout": Key("attention_dropout", 0.0),
}
BLOCK = {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "attention_norm": "input_layernorm",
    "feedforward.gate": "mlp.gate_proj",
    "feedforward.up": "mlp.up_proj",
    "feedforward.down": "mlp.down_proj",
    "feedforward_norm": "post_attention_layernorm",
}


def architectures(title: str) -> dict[str, Architecture]:
    """Return the heads under one of the family's names."""
    return {
        f"{title}Model": Architecture(),
        f"{title}ForCausalLM": Architecture(
            head={"outputs": Key("vocab_size"), "biased": False, "tied": Key("tie_word_embeddings", False)},
            tensors={"head.output.weight": "lm_head.weight"},
        ),
        f"{title}ForSequenceClassification": Architecture(
            head={"of": "last", "outputs": LABELS, "biased": False},
            tensors={"head.output.weight": "score.weight"},
        ),
        f"{title}ForTokenClassification": replace(
            TOKENS, tensors={"head.output.weight": "score.weight", "head.output.bias": "score.bias"}
        ),
    }


LLAMA = Family(
    name="llama",
    bare="LlamaModel",
    decoder=DECODER,
    architectures=architectures("Llama"),
    tensors={
        "decoder.input.token.weight": "embed_tokens.weight",
        "decoder.norm.weight": "norm.weight",
        **{
            f"decoder.blocks.{{i}}.{ours}.{kind}": f"layers.{{i}}.{theirs}.{kind}"
            for ours, theirs in BLOCK.items()
            for kind in ("weight", "bias")
        },
    },
    prefix="model.",
    older=older,
    ignored=("layers.*.self_attn.rotary_emb.inv_freq", "lm_head.weight", "score.*"),
)
WITHOUT_BIAS = {f"biased.{name}": False for name in ("query", "key", "value", "output", "up", "down")}
MISTRAL = replace(
    LLAMA,
    name="mistral",
    bare="MistralModel",
    decoder={**DECODER, **WITHOUT_BIAS, "window": Key("sliding_window", None)},
    architectures=architectures("Mistral"),
)
QWEN2 = replace(
    LLAMA,
    name="qwen2",
    bare="Qwen2Model",
    decoder={
        **DECODER,
        **WITHOUT_BIAS,
        **{f"biased.{name}": True for name in ("query", "key", "value")},
        "window": Key("sliding_window", None),
        "local": Key("layer_types", read=marks, write=kinds),
    },
    architectures=architectures("Qwen2"),
    holds={"use_sliding_window": True},
    older=older_with_window,
)
