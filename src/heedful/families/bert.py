"""BERT (Devlin et al. 2019) and what shares its files: MiniLM, BGE, E5 and most small sentence encoders."""

from heedful.families.family import ACTIVATIONS, LABELS, Architecture, Family, Key, Stored, both, labels

STACK = {
    "input.vocab": Key("vocab_size"),
    "input.positions": Key("max_position_embeddings"),
    "input.segments": Key("type_vocab_size", 2),
    "width": Key("hidden_size"),
    "depth": Key("num_hidden_layers"),
    "heads": Key("num_attention_heads"),
    "hidden": Key("intermediate_size"),
    "activation": Key("hidden_act", "gelu", ACTIVATIONS),
    "norm_eps": Key("layer_norm_eps", 1e-12),
    "dropout": Key("hidden_dropout_prob", 0.1),
    "attention_dropout": Key("attention_probs_dropout_prob", 0.1),
}
BLOCK = {
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "attention.output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "feedforward.up": "intermediate.dense",
    "feedforward.down": "output.dense",
    "feedforward_norm": "output.LayerNorm",
}
TENSORS = {
    "encoder.input.token.weight": "embeddings.word_embeddings.weight",
    "encoder.input.position.weight": "embeddings.position_embeddings.weight",
    "encoder.input.segment.weight": "embeddings.token_type_embeddings.weight",
    **both({"norm": "LayerNorm"}, "encoder.input.", "embeddings."),
    **both(BLOCK, "encoder.blocks.{i}.", "encoder.layer.{i}."),
}
HOLDS = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False}
POOLER = {"of": "first", "dense": True, "activation": "tanh"}
POOLED = both({"head.dense": "{base}pooler.dense"})
TOKENS = Architecture(head={"outputs": LABELS}, tensors=both({"head.output": "classifier"}))
SPAN = Architecture(head={"outputs": 2}, tensors=both({"head.output": "qa_outputs"}))
WORD = {
    "dense": True,
    "norm": True,
    "outputs": Key("vocab_size"),
    "tied": Key("tie_word_embeddings", True),
    "activation": "gelu",
}

BERT = Family(
    name="bert",
    bare="BertModel",
    encoder=STACK,
    architectures={
        "BertModel": Architecture(head=POOLER, tensors=POOLED),
        "BertForMaskedLM": Architecture(
            head={**WORD, "activation": Key("hidden_act", "gelu", ACTIVATIONS)},
            tensors={
                **both({"dense": "dense", "norm": "LayerNorm"}, "head.", "cls.predictions.transform."),
                "head.output.weight": "cls.predictions.decoder.weight",
                "head.output.bias": "cls.predictions.bias",
                "head.bias": Stored("cls.predictions.bias", also=("cls.predictions.decoder.bias",)),
            },
        ),
        "BertForSequenceClassification": Architecture(
            head={**POOLER, "outputs": LABELS},
            tensors={**POOLED, **both({"head.output": "classifier"})},
        ),
        "BertForTokenClassification": TOKENS,
        "BertForQuestionAnswering": SPAN,
    },
    tensors=TENSORS,
    prefix="bert.",
    holds=HOLDS,
    older=labels,
    ignored=("embeddings.position_ids", "cls.*", "classifier.*", "pooler.*"),
)
