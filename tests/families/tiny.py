"""Tiny random models of the reference library, one for each family and head, and its ragged batches."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

SIZES = {"vocab_size": 40, "max_position_embeddings": 24}
BERT = {**SIZES, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24}
DISTIL = {**SIZES, "dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 24}
MODERN = {
    **BERT,
    "num_hidden_layers": 4,
    "local_attention": 6,
    "pad_token_id": 0,
    "cls_token_id": 1,
    "sep_token_id": 2,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GPT = {"vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 24, "pad_token_id": 0}
LLAMA = {**BERT, "num_key_value_heads": 2, "pad_token_id": 0}
T5 = {
    "vocab_size": 40,
    "d_model": 16,
    "d_kv": 6,
    "num_layers": 2,
    "num_heads": 4,
    "d_ff": 24,
    "decoder_start_token_id": 0,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12,
}
BART = {
    **SIZES,
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 20,
}
WHISPER = {
    **{key: value for key, value in BART.items() if key != "max_position_embeddings"},
    "num_mel_bins": 8,
    "max_source_positions": 10,
    "max_target_positions": 24,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 3,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
}
VIT = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "image_size": 8,
    "patch_size": 4,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 100.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
BIASED = {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True}
WINDOW = {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}
MARIAN = {
    "scale_embedding": True,
    "activation_function": "swish",
    "pad_token_id": 39,
    "decoder_start_token_id": 39,
}


@dataclass(frozen=True)
class Tiny:
    """A class of the reference library and the config of a small one."""

    model: str
    config: dict[str, Any] = field(default_factory=dict)


TINY = {
    "bert": Tiny("BertForMaskedLM", BERT),
    "bert-pooler": Tiny("BertModel", BERT),
    "bert-sequence": Tiny("BertForSequenceClassification", {**BERT, "num_labels": 3}),
    "bert-token": Tiny("BertForTokenClassification", {**BERT, "num_labels": 5}),
    "bert-span": Tiny("BertForQuestionAnswering", BERT),
    "roberta": Tiny("RobertaForMaskedLM", {**BERT, "type_vocab_size": 1}),
    "roberta-sequence": Tiny("RobertaForSequenceClassification", {**BERT, "num_labels": 3}),
    "xlm-roberta": Tiny("XLMRobertaForMaskedLM", BERT),
    "camembert": Tiny("CamembertForTokenClassification", BERT),
    "distilbert": Tiny("DistilBertForMaskedLM", DISTIL),
    "distilbert-sequence": Tiny("DistilBertForSequenceClassification", DISTIL),
    "mpnet": Tiny("MPNetForMaskedLM", BERT),
    "mpnet-pooler": Tiny("MPNetModel", BERT),
    "mpnet-sequence": Tiny("MPNetForSequenceClassification", BERT),
    "modernbert": Tiny("ModernBertForMaskedLM", MODERN),
    "modernbert-sequence": Tiny(
        "ModernBertForSequenceClassification", {**MODERN, "classifier_pooling": "mean"}
    ),
    "gpt2": Tiny("GPT2LMHeadModel", GPT),
    "gpt2-sequence": Tiny("GPT2ForSequenceClassification", GPT),
    "llama": Tiny("LlamaForCausalLM", {**LLAMA, "rope_parameters": LLAMA3}),
    "llama-biased": Tiny("LlamaForCausalLM", {**LLAMA, **BIASED}),
    "mistral": Tiny("MistralForCausalLM", {**LLAMA, "sliding_window": 4, "head_dim": 6}),
    "qwen2": Tiny("Qwen2ForCausalLM", {**LLAMA, **WINDOW}),
    "t5": Tiny("T5ForConditionalGeneration", T5),
    "t5-gated": Tiny(
        "T5ForConditionalGeneration",
        {**T5, "num_decoder_layers": 1, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    ),
    "t5-encoder": Tiny("T5EncoderModel", T5),
    "bart": Tiny("BartForConditionalGeneration", BART),
    "bart-sequence": Tiny("BartForSequenceClassification", {**BART, "num_labels": 3}),
    "mbart": Tiny("MBartForConditionalGeneration", {**BART, "scale_embedding": True}),
    "marian": Tiny("MarianMTModel", {**BART, **MARIAN}),
    "vit": Tiny("ViTForImageClassification", {**VIT, "num_labels": 3}),
    "vit-pooler": Tiny("ViTModel", VIT),
    "whisper": Tiny("WhisperForConditionalGeneration", WHISPER),
}
LENGTHS = (5, 3, 3, 11, 20, 1)  # the texts of a ragged batch
TARGETS = (2, 6, 6, 1, 9, 4)  # and those that a decoder writes for them
IDS = (4, 38)  # special ids stay out of it


def target_lengths(name: str) -> tuple[int, ...]:
    """Return how long the decoder's texts are."""
    return LENGTHS if name == "bart-sequence" else TARGETS


def make(name: str) -> torch.nn.Module:
    """Return the reference's model with weights that are random enough for every part to matter."""
    import transformers

    tiny = TINY[name]
    torch.manual_seed(sum(map(ord, name)))
    kind = getattr(transformers, tiny.model)
    model = kind(kind.config_class(**tiny.config))
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn_like(parameter)
            parameter.copy_(1 + 0.1 * noise if parameter.dim() == 1 and parameter.min() == 1 else 0.3 * noise)
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.normal_()
        for part in model.modules():  # rows that mean nothing
            if isinstance(part, torch.nn.Embedding) and part.padding_idx is not None:
                part.weight[part.padding_idx] = 0
    fix_sinusoids(model)
    return model.eval()


def fix_sinusoids(model: torch.nn.Module) -> None:
    """Put back the tables that are computed, not learned."""
    for part in model.modules():
        if type(part).__name__ == "MarianSinusoidalPositionalEmbedding":
            part.weight.data.copy_(part.create_weight())


def inputs(name: str) -> dict[str, Tensor]:
    """Return the inputs of a ragged batch, as flat tensors."""
    torch.manual_seed(7)
    if name.startswith("vit"):
        return {"pixels": torch.randn(3, 3, 8, 8)}
    flat = {"ids": torch.randint(*IDS, (sum(LENGTHS),)), "targets": torch.randint(*IDS, (sum(TARGETS),))}
    if (
        name == "bart-sequence"
    ):  # reads the text twice, the second time one place later, and answers at its end
        texts = [torch.cat([text[:-1], torch.tensor([2])]) for text in flat["ids"].split(list(LENGTHS))]
        again = [torch.cat([torch.tensor([2]), text[:-1]]) for text in texts]
        return {"ids": torch.cat(texts), "targets": torch.cat(again)}
    return {**flat, "frames": torch.randn(len(TARGETS), 8, 20)} if name == "whisper" else flat


def outputs(name: str, model: torch.nn.Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return hidden states and scores of the reference, by its own padding and mask, without the padding."""
    with torch.inference_mode():
        if name.startswith("vit"):
            found = model(given["pixels"], output_hidden_states=True)
            return {"scores": found.get("logits", found.get("pooler_output"))}
        batch: dict[str, Any] = {} if name == "whisper" else padded(given["ids"], LENGTHS, "")
        lengths = LENGTHS
        if name == "whisper":
            batch["input_features"] = given["frames"]
        if model.config.is_encoder_decoder and name != "bart-sequence":
            batch |= padded(given["targets"], TARGETS, "decoder_")
            lengths = TARGETS
        found = model(**batch)
    scores = found.get("logits", found.get("pooler_output"))
    if scores is None and "start_logits" in found:
        scores = torch.stack([found["start_logits"], found["end_logits"]], -1)
    ours = {} if scores is None else {"scores": scores}
    if "last_hidden_state" in found:
        ours["states"] = found["last_hidden_state"]
    return {key: unpadded(value, lengths) if value.dim() == 3 else value for key, value in ours.items()}


def unpadded(x: Tensor, lengths: tuple[int, ...]) -> Tensor:
    """Return (N, ...) of (B, T, ...)."""
    return torch.cat([row[:length] for row, length in zip(x, lengths, strict=True)])


def padded(flat: Tensor, lengths: tuple[int, ...], prefix: str) -> dict[str, Tensor]:
    """Return ids and mask as the reference wants them."""
    parts = flat.split(list(lengths))
    mask = [torch.ones(len(part), dtype=torch.int64) for part in parts]
    return {
        f"{prefix}input_ids": pad_sequence(parts, batch_first=True),
        f"{prefix}attention_mask": pad_sequence(mask, batch_first=True),
    }


def ours(name: str, model: Any, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the same of our core, from the same inputs."""
    from heedful.core.attention import Packed

    with torch.inference_mode():
        source = given.get("pixels", given.get("frames"))
        first = (given["ids"], Packed(LENGTHS)) if source is None else (source, None)
        two = model.encoder is not None and model.decoder is not None
        targets = (given["targets"], Packed(target_lengths(name))) if two else None
        states, layout = model(*first, targets=targets)
        found = {"states": states}
        return found if model.head is None else {**found, "scores": model.scores(states, layout)}


if __name__ == "__main__":  # write the golden files anew, with the reference installed
    from pathlib import Path

    from safetensors.torch import save_file

    for name in TINY:
        folder = Path(__file__).parent / "golden" / name
        model = make(name)
        model.save_pretrained(folder)
        given = inputs(name)
        found = {f"out.{key}": value.contiguous() for key, value in outputs(name, model, given).items()}
        save_file(
            {**{f"in.{key}": value for key, value in given.items()}, **found}, folder / "expected.safetensors"
        )
        (folder / "generation_config.json").unlink(missing_ok=True)
