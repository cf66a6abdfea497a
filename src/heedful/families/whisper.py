"""Whisper (Radford et al. 2022): an encoder that hears a spectrogram, a decoder that writes it down."""

from heedful.core.config import FrameInput
from heedful.families.bart import BLOCK, CROSS, stack
from heedful.families.family import Architecture, Family, Key, both

SHAPE = {"norm_at": "pre", "biased.key": False}

WHISPER = Family(
    name="whisper",
    bare="WhisperModel",
    encoder={
        **{field: key for field, key in stack("encoder", **SHAPE).items() if not field.startswith("input.")},
        "input": FrameInput,
        "input.bands": Key("num_mel_bins"),
        "input.positions": Key("max_source_positions"),
    },
    decoder=stack(
        "decoder", **SHAPE, **{"input.positions": Key("max_target_positions"), "input.normed": False}
    ),
    architectures={
        "WhisperModel": Architecture(),
        "WhisperForConditionalGeneration": Architecture(
            head={"outputs": Key("vocab_size"), "biased": False, "tied": Key("tie_word_embeddings", True)},
            tensors={"head.output.weight": "proj_out.weight"},
        ),
    },
    tensors={
        **both({"near": "conv1", "halving": "conv2"}, "encoder.input.", "encoder."),
        "encoder.input.position.weight": "encoder.embed_positions.weight",
        "decoder.input.token.weight": "decoder.embed_tokens.weight",
        "decoder.input.position.weight": "decoder.embed_positions.weight",
        **both(BLOCK, "encoder.blocks.{i}.", "encoder.layers.{i}."),
        **both({**BLOCK, **CROSS}, "decoder.blocks.{i}.", "decoder.layers.{i}."),
        **both({"encoder.norm": "encoder.layer_norm", "decoder.norm": "decoder.layer_norm"}),
    },
    prefix="model.",
    holds={"is_encoder_decoder": True},
    ignored=("proj_out.weight",),
)
