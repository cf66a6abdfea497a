"""GGUF: the same model as its safetensors folder, its tokenizer, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFWriter, quantize
from safetensors.torch import load_file

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import load_tokenizer, load_transformer
from heedful.checkpoint.gguf import TENSORS
from heedful.errors import CheckpointError, ConfigError, TokenizerError
from heedful.text.chat import ChatTemplate

GOLDEN = Path(__file__).parent.parent / "families" / "golden" / "llama"
TOKENS = ["<s>", "</s>", *(chr(97 + i) for i in range(26)), "Ġ", "ab", "Ġa", "0", "1", *"ABCDEFG"]


def together(weight: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """llama.cpp's order of rows: pairs side by side."""
    halves = weight.reshape(heads, 2, -1, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def write(path: Path, wide: bool = False, **changes: Any) -> dict[str, torch.Tensor]:
    """Write the golden llama as GGUF, and return its tensors. `wide` ones are stored in 8 bits."""
    tensors, config = (
        load_file(GOLDEN / "model.safetensors"),
        json.loads((GOLDEN / "config.json").read_text()),
    )
    writer = GGUFWriter(path, changes.get("kind", "llama"))
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(100.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(changes.get("pre", "smollm"))
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, *[1] * (len(TOKENS) - 2)])
    writer.add_token_merges(["a b", "Ġ a"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template("{{ messages[0].content }}")
    names = {theirs: ours for ours, theirs in TENSORS.items()}
    for name, tensor in tensors.items():
        body, kind = name.rsplit(".", 1)
        layer = body.split(".")[2] if ".layers." in body else ""
        part = names[body.removeprefix(f"model.layers.{layer}.")]
        value = tensor.numpy()
        if part in ("attn_q", "attn_k"):
            value = together(
                value, config["num_attention_heads" if part == "attn_q" else "num_key_value_heads"]
            )
        title = f"blk.{layer}.{part}.{kind}" if layer else f"{part}.{kind}"
        if wide and part == "token_embd":
            padded = np.zeros((len(value), 32), np.float32)
            padded[:, : value.shape[1]] = value
            value = quantize(padded, GGMLQuantizationType.Q8_0)
            writer.add_tensor(title, value, raw_dtype=GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(title, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


def test_a_gguf_file_is_the_model_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "tiny.gguf")
    other = Path(shutil.copytree(GOLDEN, tmp_path / "folder"))
    config = json.loads((other / "config.json").read_text())
    config["rope_parameters"] = {"rope_theta": 100.0, "rope_type": "default"}
    (other / "config.json").write_text(json.dumps(config))
    found, expected = load_transformer(find(tmp_path)[0]).transformer, load_transformer(other).transformer
    ids = torch.arange(20)
    torch.testing.assert_close(found(ids)[0], expected(ids)[0], atol=1e-5, rtol=0)
    assert not found.config.head.tied


def test_quantised_tensors_are_read_as_numbers(tmp_path: Path) -> None:
    write(tmp_path / "tiny.gguf", wide=True)
    with pytest.raises(CheckpointError, match=r"embed_tokens.weight is torch.float32 \[40, 32\]"):
        load_transformer(
            tmp_path
        )  # 8-bit blocks have 32 numbers, this model is 16 wide: they are read and told


def test_the_tokenizer_is_made_anew(tmp_path: Path) -> None:
    write(tmp_path / "tiny.gguf")
    tokenizer = load_tokenizer(tmp_path, 24)
    assert tokenizer.encode(["ab a</s>10"]).ids == [[TOKENS.index(t) for t in ("ab", "Ġa", "</s>", "1", "0")]]
    settings = json.loads(tokenizer.companions["tokenizer_config.json"])
    assert (settings["bos_token"], settings["eos_token"]) == ("<s>", "</s>")
    assert settings["chat_template"].startswith("{{")
    assert tokenizer.engine.decode([TOKENS.index("ab"), TOKENS.index("Ġa")]) == "ab a"


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.gguf", kind="gemma")
    with pytest.raises(ConfigError, match="holds 'gemma'; of GGUF files only llama's kind"):
        load_transformer(tmp_path)
    write(tmp_path / "b.gguf")
    with pytest.raises(CheckpointError, match=r"several GGUF files \(a.gguf, b.gguf\)"):
        load_transformer(tmp_path)
    (tmp_path / "a.gguf").unlink()
    whole = (tmp_path / "b.gguf").read_bytes()
    for cut in (3, 100, len(whole) // 2):
        (tmp_path / "b.gguf").write_bytes(whole[:cut])
        with pytest.raises(CheckpointError):
            load_transformer(tmp_path)
    write(tmp_path / "b.gguf", pre="mystery")
    with pytest.raises(TokenizerError, match="'mystery'; known are"):
        load_tokenizer(tmp_path, 24)


@pytest.mark.slow
def test_smollm2_writes_what_the_reference_writes(smollm2: Path) -> None:
    """20 prompts, 64 greedy tokens each, on the same file."""
    transformers = pytest.importorskip("transformers")
    from heedful.generate import Settings, generate

    model, tokenizer = load_transformer(smollm2).transformer, load_tokenizer(smollm2, 8192)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        smollm2, gguf_file=next(smollm2.glob("*.gguf")).name, dtype=torch.float32
    ).eval()
    for prompt in PROMPTS:
        ids = tokenizer.encode([prompt]).ids[0]
        with torch.inference_mode():
            expected = theirs.generate(
                torch.tensor([ids]), max_new_tokens=64, min_new_tokens=64, do_sample=False, eos_token_id=None
            )[0, len(ids) :].tolist()
        found = generate(model, [ids], Settings(max_tokens=64))[0][0]
        assert found.tokens == expected, prompt


@pytest.mark.slow
def test_smollm2_has_the_reference_s_tokens_and_chat_template(smollm2: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = load_tokenizer(smollm2, 8192)
    theirs = transformers.AutoTokenizer.from_pretrained(smollm2, gguf_file=next(smollm2.glob("*.gguf")).name)
    for text in (*PROMPTS, "Ünïcode, 東京 and 🙂", "  two  spaces\n\nand lines\t"):
        if not any(letter.isdigit() for letter in text):  # which the reference, rebuilding it, does not part
            assert tokenizer.encode([text]).ids[0] == theirs(text)["input_ids"], text
        assert tokenizer.engine.decode(tokenizer.encode([text]).ids[0]) == text
    template = ChatTemplate.of(tokenizer.companions)
    assert template is not None
    said = (("user", "Hello"), ("assistant", "Hi"), ("user", "Why?"))
    talk = [{"role": role, "content": content} for role, content in said]
    for messages in (talk, talk[:1], [{"role": "system", "content": "Be brief."}, *talk]):
        expected = theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert template.render(messages) == expected


PROMPTS = (
    "The capital of France is", "Once upon a time", "def fibonacci(n):", "Water boils at",
    "My favourite food", "In 1969,", "The three laws of motion", "Dear Sir or Madam,", "Photosynthesis is",
    "A haiku about rain:",
    "2 + 2 =", "The mitochondrion", "Shakespeare wrote", "To make bread, you", "SELECT name FROM",
    "The opposite of hot", "Berlin and Paris are", "An atom consists of",
    "Question: why is the sky blue? Answer:",
    "The quick brown fox",
)  # fmt: skip
