"""MPNet (Song et al. 2020): BERT's shape with shifts of the scores by relative position."""

from heedful.families.bert import POOLED, POOLER, SPAN, STACK, TOKENS
from heedful.families.family import Architecture, Family, Key, Stored, both, labels
from heedful.families.roberta import CLASSIFIER, MASKED, PLACES

BLOCK = {
    "attention.query": "attention.attn.q",
    "attention.key": "attention.attn.k",
    "attention.value": "attention.attn.v",
    "attention.output": "attention.attn.o",
    "attention_norm": "attention.LayerNorm",
    "feedforward.up": "intermediate.dense",
    "feedforward.down": "output.dense",
    "feedforward_norm": "output.LayerNorm",
}

MPNET = Family(
    name="mpnet",
    bare="MPNetModel",
    encoder={
        **{field: key for field, key in STACK.items() if field != "input.segments"},
        "input.positions": PLACES,
        "relative.buckets": Key("relative_attention_num_buckets", 32),
        "relative.distance": 128,
    },
    architectures={
        "MPNetModel": Architecture(head=POOLER, tensors=POOLED),
        "MPNetForMaskedLM": MASKED,
        "MPNetForSequenceClassification": CLASSIFIER,
        "MPNetForTokenClassification": TOKENS,
        "MPNetForQuestionAnswering": SPAN,
    },
    tensors={
        "encoder.input.token.weight": "embeddings.word_embeddings.weight",
        "encoder.input.position.weight": Stored("embeddings.position_embeddings.weight", skipped=2),
        **both({"norm": "LayerNorm"}, "encoder.input.", "embeddings."),
        "encoder.places.relative.weight": "encoder.relative_attention_bias.weight",
        **both(BLOCK, "encoder.blocks.{i}.", "encoder.layer.{i}."),
    },
    prefix="mpnet.",
    holds={"pad_token_id": 1},
    older=labels,
    ignored=("embeddings.position_ids", "lm_head.*", "classifier.*", "pooler.*"),
)
