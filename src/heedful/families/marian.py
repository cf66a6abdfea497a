"""Marian (Junczys-Dowmunt et al. 2018), the OPUS-MT translators: the transformer of 2017, with sinusoids."""

from heedful.families.bart import generation, stack, tensors
from heedful.families.family import Architecture, Config, Family


def older(config: Config) -> None:
    """Name the decoder's vocabulary, which older files take for granted."""
    config.setdefault("decoder_vocab_size", config["vocab_size"])
    if config["decoder_vocab_size"] != config["vocab_size"]:
        config["share_encoder_decoder_embeddings"] = False


SINUSOIDS = {"input.placed": "sinusoid_halves", "input.normed": False}
MARIAN = Family(
    name="marian",
    bare="MarianModel",
    encoder=stack("encoder", **SINUSOIDS),
    decoder=stack("decoder", **SINUSOIDS),
    architectures={"MarianModel": Architecture(), "MarianMTModel": generation()},
    tensors=tensors(positions=False),
    prefix="model.",
    holds={"is_encoder_decoder": True, "share_encoder_decoder_embeddings": True},
    older=older,
    ignored=("*.embed_positions.weight", "lm_head.weight", "final_logits_bias"),
)
