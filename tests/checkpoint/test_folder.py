"""Checkpoint folders: parity with the reference on its saved file, the strict contract, hostile folders."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import load_transformer, save_transformer
from heedful.core.attention import Packed
from heedful.errors import CheckpointError, ConfigError, HeedfulError

SIZES = {
    "vocab_size": 60,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 50,
    "max_position_embeddings": 20,
    "type_vocab_size": 2,
}
LENGTHS = (3, 3, 7, 11, 20, 1)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, torch.nn.Module]:
    """A tiny random BERT and the folder that the reference library saved it to."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    model = transformers.BertModel(transformers.BertConfig(**SIZES, hidden_act="gelu")).eval()
    folder = tmp_path_factory.mktemp("reference")
    model.save_pretrained(folder)
    return folder, model


def padded(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """The reference's hidden states for ragged sequences, by its own padding and mask."""
    parts = ids.split(list(LENGTHS))
    batch = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(part)) for part in parts], batch_first=True)
    with torch.inference_mode():
        states = model(batch, attention_mask=mask.long()).last_hidden_state
    return torch.cat([row[:length] for row, length in zip(states, LENGTHS, strict=True)])


@pytest.mark.parametrize(("kind", "most"), [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_hidden_states_equal_the_reference(
    reference: tuple[Path, torch.nn.Module], kind: torch.dtype, most: float
) -> None:
    folder, model = reference
    ids = torch.randint(60, (sum(LENGTHS),))
    ours = load_transformer(folder).transformer.to(kind)
    with torch.inference_mode():
        found = ours(ids, Packed(LENGTHS))
    assert (found - padded(model.to(kind), ids)).abs().max() < most
    model.to(torch.float32)


def test_save_opens_in_the_reference_and_load_after_save_is_identity(
    reference: tuple[Path, torch.nn.Module], tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    loaded = load_transformer(reference[0])
    save_transformer(loaded.transformer, loaded.family, tmp_path)
    again = load_transformer(tmp_path)
    assert again.transformer.config == loaded.transformer.config
    for name, value in loaded.transformer.state_dict().items():
        assert torch.equal(value, again.transformer.state_dict()[name]), name
    theirs = transformers.AutoModel.from_pretrained(tmp_path)
    for name, value in reference[1].state_dict().items():
        assert torch.equal(value, theirs.state_dict()[name]), name


def test_a_task_model_opens_as_its_encoder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(**SIZES)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    loaded = load_transformer(tmp_path)
    assert set(loaded.ignored) >= {"classifier.weight", "classifier.bias"}
    assert loaded.transformer.pooler is not None


@pytest.fixture
def folder(reference: tuple[Path, torch.nn.Module], tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(reference[0], tmp_path / "copy"))


def edit_config(**changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "config.json"
        config = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))

    return edit


def edit_tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return edit


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def huge_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + path.read_bytes()[8:])


WORD = "embeddings.word_embeddings.weight"
DAMAGE = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "cannot be read"),
    "config is a list": (lambda folder: (folder / "config.json").write_text("[1]"), "no JSON object"),
    "deep json": (lambda folder: (folder / "config.json").write_text("[" * 100_000), "not valid JSON"),
    "unknown family": (edit_config(model_type="deberta"), "known are bert"),
    "missing size": (edit_config(hidden_size=None), "lacks 'hidden_size'"),
    "size is text": (edit_config(hidden_size="24"), "expected a whole number"),
    "absurd width": (edit_config(hidden_size=1 << 30), "config.json needs floats"),
    "absurd depth": (edit_config(num_hidden_layers=1 << 40), "expected a whole number"),
    "relative positions": (edit_config(position_embedding_type="relative_key"), "needs 'absolute'"),
    "decoder": (edit_config(is_decoder=True), "needs False"),
    "activation": (edit_config(hidden_act="mish"), "expected one of gelu"),
    "activation is a list": (edit_config(hidden_act=["gelu"]), "expected one of gelu"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "is missing"),
    "cut weights": (truncate, "cannot be read as safetensors"),
    "huge header": (huge_header, "cannot be read as safetensors"),
    "missing tensor": (edit_tensors(lambda tensors: tensors.pop(WORD)), "is missing"),
    "extra tensor": (edit_tensors(lambda tensors: tensors.update(extra=torch.ones(2))), "have no place"),
    "wrong shape": (edit_tensors(lambda tensors: tensors.update({WORD: torch.ones(3, 3)})), "needs floats"),
    "whole numbers": (
        edit_tensors(lambda tensors: tensors.update({WORD: tensors[WORD].long()})),
        "needs floats",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_folder_is_one_clear_error(name: str, folder: Path) -> None:
    damage, said = DAMAGE[name]
    damage(folder)
    with pytest.raises(HeedfulError, match=said) as caught:
        load_transformer(folder)
    assert isinstance(caught.value, CheckpointError | ConfigError)
    assert "\n" not in str(caught.value)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.safetensors"
    (folder / "model.safetensors").rename(outside)
    (folder / "model.safetensors").symlink_to(outside)
    with pytest.raises(CheckpointError, match="leaves the folder"):
        load_transformer(folder)


def test_find_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no config"):
        find(tmp_path)
    with pytest.raises(HeedfulError, match="fetch"):
        find("package:certainly-not-installed")


def test_a_snapshot_of_the_hugging_face_cache_opens(folder: Path, tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "models--a--b/snapshots/abc", tmp_path / "models--a--b/blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).rename(blobs / name)
        (snapshot / name).symlink_to(Path("../../blobs") / name)
    assert load_transformer(snapshot).transformer.config.width == 24
