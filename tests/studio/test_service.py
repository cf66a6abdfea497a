"""The service: what it answers, what it refuses, and that nothing brings it down."""

import json
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from wordy import Wordy, wordy

from heedful.studio.limits import Limits
from heedful.studio.service import create_app


@pytest.fixture
def model() -> Wordy:
    return wordy()


@pytest.fixture
def client(model: Wordy) -> Iterator[TestClient]:
    with TestClient(create_app(model)) as found:
        yield found


def post(client: TestClient, body: object) -> tuple[int, dict]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = client.post("/predict", content=content)
    return reply.status_code, reply.json()


def test_answers_are_the_models_own(client: TestClient, model: Wordy) -> None:
    texts = ["good good", "bad", "so so", "naïve 漢字 🙂"]
    status, found = post(client, {"texts": texts})
    assert status == 200
    assert [p["label"] for p in found["predictions"]] == model.predict(texts).tolist()
    shown = [[p["probabilities"][c] for c in ("neg", "pos")] for p in found["predictions"]]
    np.testing.assert_array_equal(shown, model.predict_proba(texts))
    assert all(p["probability"] == max(p["probabilities"].values()) for p in found["predictions"])
    assert found["model"]["method"] == "wordy"


@pytest.mark.parametrize("body", [{"text": "good"}, {"texts": ["good"]}, "good", ["good"]])
def test_one_text_may_be_sent_in_four_ways(client: TestClient, body: object) -> None:
    status, found = post(client, body)
    assert (status, len(found["predictions"]), found["predictions"][0]["label"]) == (200, 1, "pos")


def test_truncated_texts_are_counted(client: TestClient) -> None:
    assert post(client, {"texts": ["good", "bad " * 51, "good " * 50]})[1]["truncated"] == 1


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "is empty"),
        (b"{", 400, "not valid JSON"),
        (b"\xff\xfe\x00", 400, "not valid JSON"),
        (b"[" * 100_000, 400, "not valid JSON"),
        (b"9" * 5000, 400, "not valid JSON"),
        ({}, 422, "found no keys"),
        ({"txt": "good"}, 422, "found the keys ['txt']"),
        ({"text": "a", "texts": ["b"]}, 422, "found both"),
        ({"text": ["a"]}, 422, '"text" is a list; expected a string'),
        ({"texts": "a"}, 422, '"texts" is a string; expected a list'),
        ({"text": None}, 422, '"text" is null'),
        (7, 422, "the body is a number"),
        (True, 422, "the body is a boolean"),
        ([], 422, "list of texts is empty"),
        (["a", 3.5], 422, "text 2 is a number; expected a string"),
        (["a", " \n"], 422, "text 2 is empty"),
        ({"text": ""}, 422, "the text is empty"),
        (b'["\\ud800"]', 422, "surrogate"),
        (["a"] * 1001, 413, "1,001 texts in one request; at most 1,000"),
        ({"text": "a" * 100_001}, 413, "100,001 characters; at most 100,000"),
        (["a" * 99_000] * 21, 413, "over 2,000,000 bytes"),
        ({"text": "refuse"}, 422, "the text is refused"),
    ],
)
def test_bad_requests_get_a_clear_sentence(client: TestClient, body: object, status: int, says: str) -> None:
    found = post(client, body)
    assert found[0] == status
    assert list(found[1]) == ["error"]
    assert says in found[1]["error"]


def test_a_body_without_a_declared_length_is_counted_while_it_comes(client: TestClient) -> None:
    sent = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent
        yield b'["'
        for _ in range(30):
            sent += 100_000
            yield b"a" * 100_000

    reply = client.post("/predict", content=stream())
    assert reply.status_code == 413
    assert "2,000,000 bytes" in reply.json()["error"]


@pytest.mark.parametrize("text", ["explode", "nan"])
def test_an_inner_failure_is_one_sentence_and_a_log_entry(
    client: TestClient, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    status, found = post(client, {"text": text})
    assert status == 500
    assert "secret" not in found["error"] and "\n" not in found["error"]
    assert caplog.records[-1].exc_info


def test_unknown_paths_and_verbs_are_json_too(client: TestClient) -> None:
    for path in ("/nothing", "/predict/../../etc/passwd", "/docs", "/redoc", "/health/", "/%2e%2e/x"):
        reply = client.get(path)
        assert (reply.status_code, "nothing here" in reply.json()["error"]) == (404, True), path
    for verb, path in (("GET", "/predict"), ("DELETE", "/health"), ("PUT", "/"), ("PROPFIND", "/health")):
        reply = client.request(verb, path)
        assert (reply.status_code, verb in reply.json()["error"]) == (405, True)
    assert client.get("/predict").headers["allow"] == "POST"


def test_health_and_its_head(client: TestClient) -> None:
    assert client.get("/health").json() == {
        "status": "ok", "method": "wordy", "classes": ["neg", "pos"], "version": client.app.version,
    }  # fmt: skip
    assert client.head("/health").status_code == 200


def test_openapi_tells_of_predict(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert len(operation["requestBody"]["content"]["application/json"]["schema"]["oneOf"]) == 4
    assert set(operation["responses"]) >= {"200", "429", "4XX"}


def test_a_foreign_host_is_refused() -> None:
    app = create_app(wordy(), hosts=frozenset({"localhost", "127.0.0.1", "::1"}))
    client = TestClient(app)
    for host in ("localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080"):
        assert client.get("/health", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::2]", ""):
        reply = client.get("/health", headers={"Host": host})
        assert (reply.status_code, list(reply.json())) == (400, ["error"]), host


def test_too_many_at_once_are_told_to_come_back_and_health_stays_awake(model: Wordy) -> None:
    with TestClient(create_app(model, limits=Limits(waiting=2))) as client:
        model.gate.clear()
        found: list[int] = []
        senders = [
            threading.Thread(target=lambda: found.append(post(client, {"text": "good"})[0])) for _ in range(2)
        ]
        for sender in senders:
            sender.start()
        reply = wait_for_429(client)
        assert reply.headers["retry-after"] == "1"
        assert "too many requests" in reply.json()["error"]
        start = time.monotonic()
        assert client.get("/health").status_code == 200
        assert time.monotonic() - start < 1
        model.gate.set()
        for sender in senders:
            sender.join(20)
        assert found == [200, 200]
        assert post(client, {"text": "good"})[0] == 200


def wait_for_429(client: TestClient):
    """Send bad bodies, which never reach the model, until both places are taken."""
    for _ in range(200):
        reply = client.post("/predict", content=b"{")
        if reply.status_code == 429:
            return reply
        time.sleep(0.02)
    raise AssertionError("the queue never filled")


def test_one_thread_at_a_time_uses_the_model(model: Wordy) -> None:
    with TestClient(create_app(model)) as client:
        senders = [threading.Thread(target=post, args=(client, ["good"] * 200)) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(20)
    assert model.most_inside == 1


@pytest.fixture(scope="module")
def steady() -> Iterator[TestClient]:
    with TestClient(create_app(wordy())) as client:
        yield client


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "texts"]) | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=200) | anything.map(lambda found: json.dumps(found).encode()))
def test_no_body_brings_it_down(steady: TestClient, body: bytes) -> None:
    reply = steady.post("/predict", content=body)
    assert reply.status_code < 500
    assert ("error" in reply.json()) == (reply.status_code != 200)
