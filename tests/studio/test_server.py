"""The service as a process: ports, signals, hostile connections."""

import json
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress

import pytest

from heedful.errors import ServiceError
from heedful.studio.server import address, is_loopback, listen

Service = tuple[subprocess.Popen[str], str]


def post(url: str, body: object) -> dict:
    request = urllib.request.Request(f"{url}/predict", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.load(reply)


def dial(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_finish(own_service: Service, stop: signal.Signals) -> None:
    process, url = own_service
    answers: list[dict] = []
    with dial(url) as idle, dial(url) as halfway:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        halfway.sendall(b"POST /predict HTTP/1.1\r\nHost: ")
        sender = threading.Thread(target=lambda: answers.append(post(url, {"text": "good sleep"})))
        sender.start()
        time.sleep(1)
        process.send_signal(stop)
        sender.join(20)
        assert answers[0]["predictions"][0]["label"] == "pos"
        assert process.wait(10) == 0
    assert process.stderr and process.stderr.read() == ""


def test_an_endless_body_is_answered_before_it_ends(service: Service) -> None:
    _, url = service
    with dial(url) as line:
        line.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(25):
            line.sendall(b"%x\r\n%s\r\n" % (100_000, b"a" * 100_000))
        assert line.recv(100).startswith(b"HTTP/1.1 413")
    with dial(url) as line:
        line.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 413")
    assert post(url, "good")["predictions"][0]["label"] == "pos"


def test_clients_that_leave_in_the_middle_give_their_places_back(service: Service) -> None:
    _, url = service
    for _ in range(100):
        with dial(url) as line:
            line.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    for _ in range(50):
        with suppress(urllib.error.HTTPError):
            assert post(url, "good")["predictions"][0]["label"] == "pos"
            return
        time.sleep(0.1)
    pytest.fail("the places never came free")


def test_what_is_not_http_is_refused(service: Service) -> None:
    process, url = service
    with dial(url) as line:
        line.sendall(bytes(range(256)) + b"\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    assert process.poll() is None


def test_a_foreign_name_is_refused_at_a_loopback_address(service: Service) -> None:
    _, url = service
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, headers={"Host": "evil.example"}))
    assert refused.value.code == 400


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            ServiceError, match=f"port {port} at 127.0.0.1 cannot be taken.*Name another --port"
        ):
            listen("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_one_sentence() -> None:
    with pytest.raises(ServiceError, match=r"cannot be (used|taken)"):
        listen("203.0.113.7", 0)
    with pytest.raises(ServiceError, match="'no such host' cannot be used"):
        listen("no such host", 0)


def test_addresses_are_urls_and_loopback_is_told_apart() -> None:
    with listen("::1", 0) as six, listen("localhost", 0) as four:
        assert address(six) == f"http://[::1]:{six.getsockname()[1]}"
        assert address(four).startswith(("http://127.0.0.1:", "http://[::1]:"))
    assert all(is_loopback(host) for host in ("127.0.0.9", "::1", "LocalHost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "10.0.0.1", "a.example", "::"))
