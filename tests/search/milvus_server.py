"""Starts a real Milvus in this process's own network and searches with it: folders for it and the index.

To be run in `unshare -n`, since the server listens on every interface there is.
"""

import fcntl
import socket
import struct
import sys
from pathlib import Path

import numpy as np
from hashed import Hashed
from milvus import MilvusServer

from heedful.search.check import check
from heedful.search.index import Index

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def loopback_up() -> None:
    """Let the machine talk to itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        found = fcntl.ioctl(handle, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        flags = struct.unpack("16sh22x", found)[1]
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def serial_rows(index: Index) -> list[int]:
    engine = index.prepare()
    rows = engine._client.query(  # type: ignore[attr-defined]
        engine.collection,
        filter="serial >= 0",
        output_fields=["serial"],
        limit=16384,  # type: ignore[attr-defined]
    )
    return sorted(row["serial"] for row in rows)


def searched(folder: Path, uri: str) -> None:
    """Add, delete, reopen and mend, with the server as the engine."""
    words = [f"text {number} {' '.join(map(str, np.random.default_rng(number).integers(0, 50, 5)))}"
             for number in range(1500)]  # fmt: skip
    with Index.create(folder, Hashed(16), store=uri, columns=["n"]) as index:
        index.add(list(range(1500)), words, {"n": list(range(1500))})
        assert check(index, queries=50)["recall@10"] >= 0.95
        assert check(index, queries=50, where="n < 100")["recall@10"] >= 0.95
        index.add(["new"], ["a zebra"])
        index.delete(["7"])
        assert index.search(["a zebra"], 1)[0][0].id == "new"
        assert serial_rows(index) == sorted(index.view.serials[index.view.live].tolist())
        engine = index.prepare()
        engine._client.delete(engine.collection, ids=[3, 4])  # type: ignore[attr-defined]
    with Index.open(folder, Hashed(16)) as index:
        assert index.search([words[3]], 1)[0][0].id == "3"
        assert len(serial_rows(index)) == 1500
    print("searched", flush=True)


def main(home: str, folder: str) -> None:
    loopback_up()
    server = MilvusServer()
    server.set_base_dir(home)
    server.start()
    try:
        searched(Path(folder), f"http://127.0.0.1:{server.listen_port}")
    finally:
        server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
