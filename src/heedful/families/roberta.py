"""RoBERTa (Liu et al. 2019), and the same files under other names: XLM-RoBERTa, CamemBERT.

Its table of positions has two rows in front that stand for no place.
"""

from dataclasses import replace

from heedful.families.bert import BERT, HOLDS, POOLED, POOLER, SPAN, STACK, TOKENS, WORD
from heedful.families.family import LABELS, Architecture, Family, Key, Stored, both

CLASSIFIER = Architecture(
    head={**POOLER, "outputs": LABELS},
    tensors=both({"dense": "dense", "output": "out_proj"}, "head.", "classifier."),
)
MASKED = Architecture(
    head=WORD,
    tensors={
        **both({"dense": "dense", "norm": "layer_norm"}, "head.", "lm_head."),
        "head.output.weight": "lm_head.decoder.weight",
        "head.output.bias": Stored("lm_head.bias", also=("lm_head.decoder.bias",)),
        "head.bias": Stored("lm_head.bias", also=("lm_head.decoder.bias",)),
    },
)


def after_two(positions: int) -> int:
    """Return the places of a table whose first two rows stand for none."""
    return positions - 2


def with_two(positions: int) -> int:
    """Return the rows of that table."""
    return positions + 2


PLACES = Key("max_position_embeddings", read=after_two, write=with_two)


def named(name: str, title: str) -> Family:
    """Return the family under one of its names."""
    return replace(
        BERT,
        name=name,
        bare=f"{title}Model",
        encoder={**STACK, "input.positions": PLACES},
        architectures={
            f"{title}Model": Architecture(head=POOLER, tensors=POOLED),
            f"{title}ForMaskedLM": MASKED,
            f"{title}ForSequenceClassification": CLASSIFIER,
            f"{title}ForTokenClassification": TOKENS,
            f"{title}ForQuestionAnswering": SPAN,
        },
        tensors={
            **BERT.tensors,
            "encoder.input.position.weight": Stored("embeddings.position_embeddings.weight", skipped=2),
        },
        prefix="roberta.",
        holds={**HOLDS, "pad_token_id": 1},
        ignored=("embeddings.position_ids", "lm_head.*", "classifier.*", "pooler.*"),
    )


ROBERTA, XLM_ROBERTA, CAMEMBERT = (
    named("roberta", "Roberta"), named("xlm-roberta", "XLMRoberta"), named("camembert", "Camembert"),
)  # fmt: skip
