"""Protobuf's wire format, as far as a message of numbers, texts and messages needs it.

Source: the page Encoding of protobuf.dev.
"""

from collections.abc import Iterator

Value = int | bytes


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield number and value of each field of a message in protobuf's wire format."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            yield key >> 3, value
            continue
        size, at = varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}.get(key & 7, len(data)), at)
        if size > len(data) - at:
            raise ValueError("a field is longer than the file, or of no known type")
        yield key >> 3, data[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, seven bits to the byte, and the place behind it."""
    value = 0
    for shift, byte in enumerate(data[at : at + 10]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return value, at + shift + 1
    raise ValueError("a number has no end")


def bytes_of(value: Value) -> bytes:
    """Return a value that has to be bytes."""
    if isinstance(value, int):
        raise ValueError("there is a number where text is expected")
    return value
