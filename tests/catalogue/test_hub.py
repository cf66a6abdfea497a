"""The hub's real client against a small hub on this machine."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from heedful.catalogue import cached, fetch, origin
from heedful.errors import ServiceError

REVISION = "a" * 40
FILES = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "1_Pooling/config.json": b"{}",
    "pytorch_model.bin": b"pickle",
    "modeling_own.py": b"code",
}


class Hub(BaseHTTPRequestHandler):
    """Answers for owner/name and owner/gated; any other model is unknown."""

    files = FILES
    asked: list[str]

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.asked.append(path)  # type: ignore[attr-defined]
        info = {
            "id": "owner/name", "sha": REVISION, "cardData": {"license": "mit"},
            "siblings": [{"rfilename": name} for name in self.files],
        }  # fmt: skip
        if path in ("/api/models/owner/name", f"/api/models/owner/name/revision/{REVISION}"):
            self.answer(200, json.dumps(info).encode(), Content_Type="application/json")
        elif path.startswith(f"/api/models/owner/name/tree/{REVISION}"):
            tree = [
                {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}
                for name, body in self.files.items()
            ]
            self.answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        elif path.startswith(prefix := f"/owner/name/resolve/{REVISION}/"):
            body = self.files[path.removeprefix(prefix)]
            tag = f'"{hashlib.sha1(body).hexdigest()}"'
            self.answer(200, body, ETag=tag, X_Repo_Commit=REVISION)
        elif path == "/api/models/owner/gated":
            self.answer(403, b"{}", X_Error_Code="GatedRepo")
        else:
            self.answer(404, b"{}", X_Error_Code="RepoNotFound")

    do_HEAD = do_GET  # noqa: N815


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", here)
    template = here + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "huggingface"))
    monkeypatch.setenv("HEEDFUL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hub_model_comes_without_pickles_and_code(hub, tmp_path):
    folder = fetch("hf:owner/name")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "config.json",
        "model.safetensors",
        "1_Pooling/config.json",
        "origin.json",
        "manifest.json",
    }
    assert not any(path.endswith((".bin", ".py")) for path in hub.asked)
    assert origin(folder)["licence"] == "mit"
    assert origin(folder)["version"] == REVISION
    assert [path.name for path in (tmp_path / "cache" / "hub").iterdir()] == ["owner--name"]
    asked = len(hub.asked)
    assert cached("hf:owner/name") == fetch("hf:owner/name") == folder
    assert len(hub.asked) == asked


def test_a_model_that_has_only_a_pickle_is_refused(hub, monkeypatch):
    monkeypatch.setattr(Hub, "files", {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    with pytest.raises(ServiceError, match=r"owner/name has no config\.json beside \*\.safetensors"):
        fetch("hf:owner/name")
    assert cached("hf:owner/name") is None
    assert not any(path.endswith(".bin") for path in hub.asked)


@pytest.mark.usefixtures("hub")
def test_failures_of_the_hub_are_one_sentence(monkeypatch):
    with pytest.raises(ServiceError, match="the hub has no model owner/other") as caught:
        fetch("hf:owner/other")
    assert "\n" not in str(caught.value)
    with pytest.raises(ServiceError, match="owner/gated is gated"):
        fetch("hf:owner/gated")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ServiceError, match="no connection to the Hugging Face hub"):
        fetch("hf:owner/name")
