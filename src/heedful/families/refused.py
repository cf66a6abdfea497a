"""Families whose mathematics is not the core's, and why: told instead of half loaded."""

EXPERTS = "a router sends each token to some of many feed-forward nets (a mixture of experts)"
DISENTANGLED = "its scores also multiply content with relative positions (disentangled attention)"
OTHER = "it is no transformer, or only partly one"

REFUSED = {
    "albert": "all of its blocks share one set of weights, and its token table is factorised",
    "deberta": DISENTANGLED,
    "deberta-v2": DISENTANGLED,
    "mixtral": EXPERTS,
    "qwen2_moe": EXPERTS,
    "qwen3_moe": EXPERTS,
    "gpt_oss": EXPERTS,
    "deepseek_v3": EXPERTS,
    "switch_transformers": EXPERTS,
    "mamba": OTHER,
    "mamba2": OTHER,
    "rwkv": OTHER,
    "xlnet": "it predicts words in permuted order with two streams of attention",
    "bigbird": "its attention is sparse by blocks",
    "longformer": "its attention is a window plus chosen global tokens with maps of their own",
    "reformer": "its attention is by hashing",
    "qwen3": "its queries and keys pass through norms of their own",
    "gemma2": "its blocks have four norms and capped scores",
    "gemma3": "its blocks have four norms, its queries and keys norms of their own",
    "phi3": "its rotary angles change with the length (longrope)",
    "gpt_neox": "its two sublayers run side by side and rotary positions turn a part of each head",
    "gptj": "its two sublayers run side by side",
}
