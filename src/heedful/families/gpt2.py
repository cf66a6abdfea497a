"""GPT-2 (Radford et al. 2019): norms first, learned positions; its maps are stored the other way round."""

from heedful.families.bert import TOKENS
from heedful.families.family import (
    ACTIVATIONS,
    LABELS,
    Architecture,
    Config,
    Family,
    Key,
    Stored,
    both,
    fused,
    labels,
)


def older(config: Config) -> None:
    """Spell out the width of the feed-forward, which most files leave to a rule."""
    labels(config)
    if config.get("n_inner") is None:
        config["n_inner"] = 4 * config["n_embd"]


GPT2 = Family(
    name="gpt2",
    bare="GPT2Model",
    decoder={
        "input.vocab": Key("vocab_size"),
        "input.positions": Key("n_positions"),
        "input.normed": False,
        "width": Key("n_embd"),
        "depth": Key("n_layer"),
        "heads": Key("n_head"),
        "hidden": Key("n_inner"),
        "activation": Key("activation_function", "gelu_new", ACTIVATIONS),
        "norm_at": "pre",
        "norm_eps": Key("layer_norm_epsilon", 1e-5),
        "causal": True,
        "dropout": Key("resid_pdrop", 0.1),
        "attention_dropout": Key("attn_pdrop", 0.1),
    },
    architectures={
        "GPT2Model": Architecture(),
        "GPT2LMHeadModel": Architecture(
            head={"outputs": Key("vocab_size"), "biased": False, "tied": Key("tie_word_embeddings", True)},
            tensors={"head.output.weight": "lm_head.weight"},
        ),
        "GPT2ForSequenceClassification": Architecture(
            head={"of": "last", "outputs": LABELS, "biased": False},
            tensors={"head.output.weight": "score.weight"},
        ),
        "GPT2ForTokenClassification": TOKENS,
    },
    tensors={
        "decoder.input.token.weight": "wte.weight",
        "decoder.input.position.weight": "wpe.weight",
        **fused(
            ("query", "key", "value"), "decoder.blocks.{i}.attention.", "h.{i}.attn.c_attn", transposed=True
        ),
        **{
            f"decoder.blocks.{{i}}.{ours}.{kind}": Stored(
                f"h.{{i}}.{theirs}.{kind}", transposed=kind == "weight"
            )
            for ours, theirs in {
                "attention.output": "attn.c_proj",
                "feedforward.up": "mlp.c_fc",
                "feedforward.down": "mlp.c_proj",
            }.items()
            for kind in ("weight", "bias")
        },
        **both({"attention_norm": "ln_1", "feedforward_norm": "ln_2"}, "decoder.blocks.{i}.", "h.{i}."),
        **both({"decoder.norm": "ln_f"}),
    },
    prefix="transformer.",
    holds={
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
    },
    older=older,
    ignored=("h.*.attn.bias", "h.*.attn.masked_bias", "lm_head.weight", "score.*", "classifier.*"),
)
