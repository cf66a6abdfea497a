"""Run the service until it is told to stop; what is in flight is finished."""

import ipaddress
import signal
import socket
from collections.abc import Callable
from typing import Any

from heedful.errors import ServiceError
from heedful.studio.answers import answers
from heedful.studio.service import create_app

GRACE_SECONDS = 30  # what is in flight at SIGTERM may take this long


def serve(estimator: Any, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve a fitted classifier; `ready` is told the address. Returns after SIGTERM or Ctrl-C.

    Port 0 takes a free one. Raises ServiceError when the address cannot be had.
    """
    import uvicorn

    answers(estimator, ["a first text"])  # a model that cannot answer is found out here; the next is faster
    listener = listen(host, port)
    hosts = frozenset({"localhost", "127.0.0.1", "::1", host.lower()}) if is_loopback(host) else None
    config = uvicorn.Config(
        create_app(estimator, hosts=hosts),
        loop="asyncio", http="h11", ws="none", lifespan="on", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # Uvicorn raises the signal again after its own clean end; this handler turns that into a plain return.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, server.handle_exit)
    ready(address(listener))
    server.run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at host and port."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as problem:
        raise ServiceError(f"the host {host!r} cannot be used: {problem.strerror}.") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
        listener.listen(128)
    except OSError as problem:
        listener.close()
        raise ServiceError(
            f"port {port} at {host} cannot be taken: {problem.strerror}. Name another --port (0: a free one)."
        ) from None
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Is this a name of the machine itself, which others cannot reach?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
