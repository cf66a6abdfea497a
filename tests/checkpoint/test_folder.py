"""Checkpoint folders: the strict contract, older files, shards, pickles, damaged and hostile folders."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import load_transformer
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


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, torch.nn.Module]:
    """A tiny random BERT and the folder that the reference library saved it to."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    model = transformers.BertModel(transformers.BertConfig(**SIZES, hidden_act="gelu")).eval()
    folder = tmp_path_factory.mktemp("reference")
    model.save_pretrained(folder)
    return folder, model


def test_a_class_without_a_table_opens_as_the_bare_model(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(**SIZES)
    transformers.BertForPreTraining(config).save_pretrained(tmp_path)
    loaded = load_transformer(tmp_path)
    assert set(loaded.ignored) >= {"cls.predictions.bias", "cls.seq_relationship.weight"}
    assert loaded.form.architecture == "BertModel"
    assert loaded.transformer.head is not None  # the pooler


def test_a_bare_model_without_its_pooler(folder: Path) -> None:
    edit_tensors(lambda tensors: [tensors.pop(f"pooler.dense.{kind}") for kind in ("weight", "bias")])(folder)
    assert load_transformer(folder).transformer.head is None


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
    "unknown family": (edit_config(model_type="mystery"), "known are bert"),
    "refused family": (edit_config(model_type="deberta-v2"), "does not fit this core: .*disentangled"),
    "missing size": (edit_config(hidden_size=None), "lacks 'hidden_size'"),
    "size is text": (edit_config(hidden_size="24"), "expected a whole number"),
    "absurd width": (edit_config(hidden_size=1 << 30), "config.json needs"),
    "absurd depth": (edit_config(num_hidden_layers=1 << 40), "expected a whole number"),
    "more blocks than tensors": (edit_config(num_hidden_layers=999), "asks for more blocks"),
    "relative positions": (edit_config(position_embedding_type="relative_key"), "needs 'absolute'"),
    "decoder": (edit_config(is_decoder=True), "needs False"),
    "activation": (edit_config(hidden_act="mish"), "expected one of gelu"),
    "activation is a list": (edit_config(hidden_act=["gelu"]), "expected one of gelu"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "is missing"),
    "cut weights": (truncate, "cannot be read as safetensors"),
    "huge header": (huge_header, "cannot be read as safetensors"),
    "missing tensor": (edit_tensors(lambda tensors: tensors.pop(WORD)), "is missing"),
    "extra tensor": (edit_tensors(lambda tensors: tensors.update(extra=torch.ones(2))), "have no place"),
    "wrong shape": (
        edit_tensors(lambda tensors: tensors.update({WORD: torch.ones(3, 3)})),
        "does not give floats",
    ),
    "whole numbers": (
        edit_tensors(lambda tensors: tensors.update({WORD: tensors[WORD].long()})),
        "does not give floats",
    ),
    "not a number": (edit_tensors(lambda tensors: tensors[WORD].fill_(float("nan"))), "are no numbers"),
    "infinite": (edit_tensors(lambda tensors: tensors[WORD].fill_(float("inf"))), "are no numbers"),
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
    assert load_transformer(snapshot).transformer.config.first.width == 24


def sharded(folder: Path, weight_map: dict[str, str] | None = None) -> Path:
    """Cut the folder's weights into two shards, with an index."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    homes = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(names)}
    for home in set(homes.values()):
        save_file({name: tensors[name] for name in names if homes[name] == home}, folder / home)
    index = {"metadata": {}, "weight_map": {**homes, **(weight_map or {})}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_shards_are_one_model(folder: Path, reference: tuple[Path, torch.nn.Module]) -> None:
    found, expected = load_transformer(sharded(folder)), load_transformer(reference[0])
    for name, value in expected.transformer.state_dict().items():
        assert torch.equal(value, found.transformer.state_dict()[name])


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ("../../etc/passwd", "leaves the folder"),
        ("/etc/passwd", "leaves the folder"),
        ("model-00009-of-00002.safetensors", "is missing"),
        ("model-00001-of-00002.safetensors", "is not in .model-00001-of-00002.safetensors"),
        (7, "has no weight_map"),
    ],
)
def test_a_bad_index_is_refused(folder: Path, home: Any, said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        load_transformer(sharded(folder, {"pooler.dense.weight.again": home}))


class Trap:
    """A pickle that makes a file when it is opened carelessly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_is_read_as_tensors_and_only_when_asked_for(folder: Path, tmp_path: Path) -> None:
    expected = load_transformer(folder).transformer.state_dict()
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="can hold programs"):
        load_transformer(folder)
    found = load_transformer(folder, pickle=True).transformer.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())
    torch.save({"x": Trap(tmp_path / "sprung")}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="which no tensor needs"):
        load_transformer(folder, pickle=True)
    assert not (tmp_path / "sprung").exists()


GOLDEN = Path(__file__).parent.parent / "families" / "golden"


def golden(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / name, folder / name))


def test_an_output_table_of_its_own_is_kept_though_the_config_says_tied(tmp_path: Path) -> None:
    folder = golden("t5-gated", tmp_path)
    own = torch.randn(40, 16)
    edit_tensors(lambda tensors: tensors.update({"lm_head.weight": own}))(folder)
    head = load_transformer(folder).transformer.head
    assert head is not None
    assert head.output is not None
    assert torch.equal(head.output.weight, own)
    edit_tensors(lambda tensors: tensors.update({"lm_head.weight": tensors["shared.weight"].clone()}))(folder)
    assert load_transformer(folder).transformer.config.head.tied


@pytest.mark.parametrize(
    ("name", "today", "older"),
    [
        ("llama", ("rope_parameters", "head_dim"), {"rope_theta": 100.0, "rope_scaling": {
            "rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16}}),
        ("llama-biased", ("rope_parameters",), {}),
        ("qwen2", ("layer_types", "rope_parameters"), {"rope_theta": 10000.0}),
        ("modernbert", ("layer_types", "rope_parameters"), {
            "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0}),
        ("t5-gated", ("scale_decoder_outputs",), {"tie_word_embeddings": False}),
        ("marian", ("decoder_vocab_size", "share_encoder_decoder_embeddings"), {}),
        ("gpt2", ("n_inner",), {}),
    ],
)  # fmt: skip
def test_older_configs_mean_the_same(
    name: str, today: tuple[str, ...], older: dict[str, Any], tmp_path: Path
) -> None:
    folder = golden(name, tmp_path)
    if name == "t5-gated":  # such files have a table of their own
        edit_tensors(lambda tensors: tensors.update({"lm_head.weight": torch.randn(40, 16)}))(folder)
    expected = load_transformer(folder).transformer.config
    edit_config(**dict.fromkeys(today), **older)(folder)
    found = load_transformer(folder).transformer.config
    assert found == expected


def test_a_second_name_of_a_tensor_has_to_hold_the_same(tmp_path: Path) -> None:
    folder, name = golden("t5", tmp_path), "encoder.embed_tokens.weight"
    edit_tensors(lambda tensors: tensors.update({name: tensors["shared.weight"].clone()}))(folder)
    assert load_transformer(folder).ignored == ()
    edit_tensors(lambda tensors: tensors[name].add_(1))(folder)
    with pytest.raises(CheckpointError, match="differ; this model has one table"):
        load_transformer(folder)


def test_buffers_of_older_files_are_left_alone(tmp_path: Path) -> None:
    folder = golden("gpt2", tmp_path)
    edit_tensors(lambda tensors: tensors.update({"transformer.h.0.attn.bias": torch.ones(1, 1, 4, 4)}))(
        folder
    )
    assert load_transformer(folder).ignored == ("h.0.attn.bias",)
