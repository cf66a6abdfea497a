"""The sentence encoder on the real all-MiniLM-L6-v2, against sentence-transformers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from heedful.core.attention import Packed
from heedful.errors import CheckpointError, ConfigError, DataError, TokenizerError
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.modules import Dense

TEXTS = [
    "A dog.",
    "",
    "The bank of the river is not a bank of money.",
    "Ein Satz auf Deutsch, mit Umlauten: äöüß.",
    "emoji \U0001f600 and a lone surrogate \ud800 and a tab\t",
    "word " * 400,
    "x" * 5000,
    "What films featured the character Popeye Doyle ?",
]


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.fixture(scope="module")
def encoder(minilm: Path) -> SentenceEncoder:
    return SentenceEncoder.load(minilm, precision="fp32")


@pytest.fixture(scope="module")
def reference(minilm: Path) -> object:
    library = pytest.importorskip("sentence_transformers")
    return library.SentenceTransformer(str(minilm), device="cpu")


def test_hidden_states_equal_transformers(encoder: SentenceEncoder, minilm: Path) -> None:
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModel.from_pretrained(minilm).eval()
    for sequence in encoder.tokenizer.encode(TEXTS).ids:
        ids = torch.tensor(sequence)
        with torch.inference_mode():
            ours, _ = encoder.transformer(ids, Packed((len(ids),)))
            theirs = model(ids[None]).last_hidden_state[0]
        assert (ours - theirs).abs().max() < 1e-4


def test_vectors_equal_sentence_transformers(encoder: SentenceEncoder, reference: object) -> None:
    theirs = reference.encode([text.replace("\ud800", "?") for text in TEXTS])  # type: ignore[attr-defined]
    assert cosines(encoder.encode(TEXTS), theirs).min() >= 0.99999
    assert np.abs(encoder.encode(TEXTS) - theirs).max() < 1e-5


def test_bf16_agrees_with_fp32(encoder: SentenceEncoder) -> None:
    exact, rough = encoder.encode(TEXTS), encoder.encode(TEXTS, precision="bf16")
    assert cosines(exact, rough).min() >= 0.999
    assert not np.array_equal(exact, rough)


def test_eight_bits_agree_with_fp32_and_do_not_depend_on_the_batch(
    encoder: SentenceEncoder, minilm: Path, tmp_path: Path
) -> None:
    small = SentenceEncoder.load(minilm, "int8")
    texts = [text for text in TEXTS if "\ud800" not in text]
    found = small.encode(texts)
    assert cosines(found, encoder.encode(texts)).min() > 0.995  # an empty text is the farthest
    alone = np.concatenate([small.encode([text]) for text in texts])
    assert np.abs(found - alone).max() < 1e-6
    with pytest.raises(ConfigError, match="opened in int8"):
        small.save(tmp_path / "there")
    assert not (tmp_path / "there").exists()
    with pytest.raises(ConfigError, match="opened in int8"):
        small.encode(texts, precision="fp32")
    with pytest.raises(ConfigError, match="opened in fp32"):
        encoder.encode(texts, precision="int8")


def test_the_batch_changes_nothing(encoder: SentenceEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert np.abs(together - np.concatenate([encoder.encode([text]) for text in TEXTS])).max() < 1e-6
    assert np.abs(together - encoder.encode(TEXTS, batch_tokens=30)).max() < 1e-6
    assert np.abs(together[::-1] - encoder.encode(TEXTS[::-1])).max() < 1e-6
    assert encoder.encode([]).shape == (0, 384)


def test_what_is_cut_is_counted(encoder: SentenceEncoder) -> None:
    assert encoder.tokenizer.max_tokens == 256
    assert encoder.truncated(TEXTS) == 1
    assert encoder.truncated(["a " * 254]) == 0
    assert encoder.truncated(["a " * 255]) == 1
    same = encoder.encode(["a " * 254, "a " * 255 + "zebra"])
    assert np.abs(same[0] - same[1]).max() < 1e-6


def test_save_then_load_is_identity_and_opens_in_sentence_transformers(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    library = pytest.importorskip("sentence_transformers")
    encoder.save(tmp_path / "saved")
    again = SentenceEncoder.load(tmp_path / "saved", precision="fp32")
    assert np.array_equal(again.encode(TEXTS), encoder.encode(TEXTS))
    again.save(tmp_path / "twice")
    for name in ("config.json", "model.safetensors", "tokenizer.json", "modules.json", "vocab.txt"):
        assert (tmp_path / "saved" / name).read_bytes() == (tmp_path / "twice" / name).read_bytes(), name
    theirs = library.SentenceTransformer(str(tmp_path / "saved"), device="cpu")
    plain = [text for text in TEXTS if "\ud800" not in text]
    assert theirs.max_seq_length == 256
    assert np.abs(theirs.encode(plain) - encoder.encode(plain)).max() < 1e-5


def test_a_head_opens_in_sentence_transformers_too(minilm: Path, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    encoder = SentenceEncoder.load(minilm, precision="fp32")
    encoder.after = nn.ModuleList([*encoder.after, Dense(384, 7, "Tanh"), Dense(7, 3)])
    encoder.save(tmp_path / "saved")
    assert encoder.encode(["a text"]).shape == (1, 3)
    theirs = library.SentenceTransformer(str(tmp_path / "saved"), device="cpu").encode(["a text"])
    assert np.abs(theirs - encoder.encode(["a text"])).max() < 1e-5
    again = SentenceEncoder.load(tmp_path / "saved", precision="fp32")
    assert np.array_equal(again.encode(["a text"]), encoder.encode(["a text"]))


def test_the_folders_of_the_newest_sentence_transformers_open(reference: object, tmp_path: Path) -> None:
    reference.save(str(tmp_path))  # type: ignore[attr-defined]
    ours = SentenceEncoder.load(tmp_path, precision="fp32")
    assert np.abs(ours.encode(["a text"]) - reference.encode(["a text"])).max() < 1e-5  # type: ignore[attr-defined]


def test_one_string_is_refused(encoder: SentenceEncoder) -> None:
    with pytest.raises(DataError, match="Wrap it in a list"):
        encoder.encode("one text")


@pytest.mark.parametrize(
    ("file", "text", "error", "said"),
    [
        ("modules.json", '[{"type": "os.system", "path": ""}]', ConfigError, "known are Transformer"),
        ("modules.json", '{"a": 1}', CheckpointError, "no list of modules"),
        (
            "modules.json",
            '[{"type": "sentence_transformers.models.Pooling", "path": "../../x"}]',
            CheckpointError,
            "leaves the folder",
        ),
        ("1_Pooling/config.json", "{}", ConfigError, "expected one of mean, cls, max"),
        ("tokenizer.json", "{}", TokenizerError, "no tokenizer"),
        ("tokenizer.json", None, TokenizerError, "is missing"),
    ],
)
def test_a_damaged_encoder_is_one_clear_error(
    minilm: Path, tmp_path: Path, file: str, text: str | None, error: type[Exception], said: str
) -> None:
    names = ("config.json", "model.safetensors", "tokenizer.json", "modules.json", "1_Pooling/config.json")
    for name in names:
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        if name == file:
            if text is not None:
                target.write_text(text)
        elif name == "model.safetensors":
            target.hardlink_to(minilm / name)
        else:
            target.write_bytes((minilm / name).read_bytes())
    with pytest.raises(error, match=said):
        SentenceEncoder.load(tmp_path)


def test_a_tokenizer_larger_than_the_model_is_refused(minilm: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((minilm / name).read_bytes())
    (tmp_path / "model.safetensors").hardlink_to(minilm / "model.safetensors")
    tokenizer = json.loads((tmp_path / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["zzzzzz"] = 40_000
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(CheckpointError, match="do not belong together"):
        SentenceEncoder.load(tmp_path)


@pytest.mark.slow
def test_mpnet_equals_sentence_transformers(mpnet: Path) -> None:
    """all-mpnet-base-v2: relative positions, 12 blocks, cut at 384 tokens."""
    library = pytest.importorskip("sentence_transformers")
    plain = [text for text in TEXTS if "\ud800" not in text]
    encoder = SentenceEncoder.load(mpnet, precision="fp32")
    theirs = library.SentenceTransformer(str(mpnet), device="cpu").encode(plain)
    assert cosines(encoder.encode(plain), theirs).min() >= 0.99999
    assert np.abs(encoder.encode(plain) - theirs).max() < 1e-5


def test_a_text_without_a_token_has_a_vector_of_zeros() -> None:
    from tasks.scribe import folder

    found = SentenceEncoder.load(folder("bert")).encode(["", "the bank", ""])
    assert not found[[0, 2]].any() and found[1].any()
    assert not SentenceEncoder.load(folder("bert")).encode([""]).any()


def test_bf16_does_not_depend_on_the_batch(encoder: SentenceEncoder) -> None:
    texts = [text for text in TEXTS if len(text) < 1000]
    together = encoder.encode(texts, precision="bf16")
    alone = np.concatenate([encoder.encode([text], precision="bf16") for text in texts])
    assert np.abs(together - alone).max() < 1e-2


def test_prompt_dimensions_and_length(encoder: SentenceEncoder) -> None:
    found = encoder.encode(["a dog"], prompt="query: ", dimensions=64, normalize=True)
    whole = encoder.encode(["query: a dog"])[:, :64]
    assert np.abs(found - whole / np.linalg.norm(whole)).max() < 1e-6
    assert encoder.encode([], dimensions=64).shape == (0, 64)
    with pytest.raises(ConfigError, match="385 dimensions; expected 1 to 384"):
        encoder.encode(["a dog"], dimensions=385)
