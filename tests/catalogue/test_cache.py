"""What a name stands for, without a network: catalogue, installed package, Hugging Face cache."""

import subprocess
import sys
from pathlib import Path

import pytest

from heedful.catalogue import cached, entries, entry, fetch, installed, locate
from heedful.catalogue.cache import home
from heedful.errors import CheckpointError, ConfigError, DataError


def test_the_real_catalogue_is_sound():
    assert [found.name for found in entries()] == ["minilm", "mpnet", "smollm2", "wiki-topics", "bbc-news"]
    for found in entries():
        for piece in found.pieces():
            assert len(bytes.fromhex(piece.sha256)) == 32
            assert piece.files
        assert found.licence
        assert found.about
        assert (found.kind == "table") == bool(found.table)


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("HEEDFUL_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert home() == tmp_path / ".cache" / "heedful"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert home() == tmp_path / "x" / "heedful"
    monkeypatch.setenv("HEEDFUL_CACHE", "~/h")
    assert home() == tmp_path / "h"


def test_unknown_and_absent_names_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("HEEDFUL_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match="did you mean wiki-topics"):
        locate("wikitopics")
    with pytest.raises(ConfigError, match="the catalogue has minilm, mpnet, smollm2, wiki-topics, bbc-news"):
        locate("../../etc")
    with pytest.raises(DataError, match="run: heedful fetch bbc-news"):
        locate("bbc-news")
    with pytest.raises(CheckpointError, match="run: heedful fetch minilm"):
        locate("minilm")
    for name in ("hf:alone", "hf:../../etc", "hf:a/b/c", "hf:a/..", "hf:a/b\n"):
        with pytest.raises(ConfigError, match="expected hf:owner/name"):
            locate(name)
    with pytest.raises(ConfigError, match="expects an installed package"):
        locate("package:no-such-package")
    with pytest.raises(ConfigError, match="did you mean minilm"):
        fetch("minilmm")
    assert cached("nothing") is None
    assert entry("nothing") is None


def test_an_installed_package_with_a_checkpoint_is_found_and_not_imported(tmp_path, monkeypatch):
    info = tmp_path / "carrier-1.0.dist-info"
    model = tmp_path / "carrier" / "model"
    info.mkdir()
    model.mkdir(parents=True)
    (tmp_path / "carrier" / "__init__.py").write_text("raise SystemExit('imported')")
    for name in ("config.json", "model.safetensors", "1_Pooling.json"):
        (model / name).write_text("{}")
    (tmp_path / "carrier" / "config.json").write_text("{}")  # a config without weights is none
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
    names = ["config.json", "model/config.json", "model/model.safetensors", "__init__.py"]
    (info / "RECORD").write_text("".join(f"carrier/{name},,\n" for name in names))
    monkeypatch.syspath_prepend(tmp_path)
    assert installed("carrier") == model
    assert locate("package:carrier") == model
    (model / "model.safetensors").unlink()
    assert installed("carrier") is None
    assert installed("pytest") is None
    assert installed("") is None


def snapshot(hub: Path) -> Path:
    """Make what the hub's client leaves in its cache."""
    model = hub / "models--owner--name"
    folder = model / "snapshots" / "abc"
    for path in (folder, model / "refs", model / "blobs"):
        path.mkdir(parents=True)
    (model / "refs" / "main").write_text("abc")
    (model / "blobs" / "1").write_text("weights")
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").symlink_to("../../blobs/1")
    return folder


def test_a_model_in_the_hugging_face_cache_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HEEDFUL_CACHE", str(tmp_path / "own"))
    with pytest.raises(CheckpointError, match="run: heedful fetch hf:owner/name"):
        locate("hf:owner/name")
    folder = snapshot(tmp_path)
    assert locate("hf:owner/name") == folder
    assert fetch("hf:owner/name") == folder
    (tmp_path / "models--owner--name" / "blobs" / "1").unlink()
    assert cached("hf:owner/name") is None


def test_the_catalogue_imports_nothing_heavy():
    code = "import sys, heedful.catalogue as c; c.cached('minilm'); print(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "numpy", "sklearn", "huggingface_hub", "duckdb"} & set(out)
