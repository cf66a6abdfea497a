"""DistilBERT (Sanh et al. 2019): BERT with half its blocks, without segments and pooler."""

from heedful.families.bert import SPAN, TOKENS, WORD
from heedful.families.family import ACTIVATIONS, LABELS, Architecture, Family, Key, both, labels

ACTIVATION = Key("activation", "gelu", ACTIVATIONS)
BLOCK = {
    "attention.query": "attention.q_lin",
    "attention.key": "attention.k_lin",
    "attention.value": "attention.v_lin",
    "attention.output": "attention.out_lin",
    "attention_norm": "sa_layer_norm",
    "feedforward.up": "ffn.lin1",
    "feedforward.down": "ffn.lin2",
    "feedforward_norm": "output_layer_norm",
}

DISTILBERT = Family(
    name="distilbert",
    bare="DistilBertModel",
    encoder={
        "input.vocab": Key("vocab_size"),
        "input.positions": Key("max_position_embeddings"),
        "width": Key("dim"),
        "depth": Key("n_layers"),
        "heads": Key("n_heads"),
        "hidden": Key("hidden_dim"),
        "activation": ACTIVATION,
        "dropout": Key("dropout", 0.1),
        "attention_dropout": Key("attention_dropout", 0.1),
    },
    architectures={
        "DistilBertModel": Architecture(),
        "DistilBertForMaskedLM": Architecture(
            head={**WORD, "activation": ACTIVATION},
            tensors={
                **both(
                    {"dense": "vocab_transform", "norm": "vocab_layer_norm", "output": "vocab_projector"},
                    "head.",
                ),
                "head.bias": "vocab_projector.bias",
            },
        ),
        "DistilBertForSequenceClassification": Architecture(
            head={"of": "first", "dense": True, "activation": "relu", "outputs": LABELS},
            tensors=both({"head.dense": "pre_classifier", "head.output": "classifier"}),
        ),
        "DistilBertForTokenClassification": TOKENS,
        "DistilBertForQuestionAnswering": SPAN,
    },
    tensors={
        "encoder.input.token.weight": "embeddings.word_embeddings.weight",
        "encoder.input.position.weight": "embeddings.position_embeddings.weight",
        **both({"norm": "LayerNorm"}, "encoder.input.", "embeddings."),
        **both(BLOCK, "encoder.blocks.{i}.", "transformer.layer.{i}."),
    },
    prefix="distilbert.",
    older=labels,
    ignored=("vocab_*", "classifier.*", "pre_classifier.*", "qa_outputs.*"),
)
