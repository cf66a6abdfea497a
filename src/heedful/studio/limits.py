"""What a request may hold, and the one sentence that refuses it."""

import asyncio
import json
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds of the service."""

    body_bytes: int = 2_000_000
    body_seconds: float = 20.0
    texts: int = 1000
    text_characters: int = 100_000
    waiting: int = 32  # requests in hand at once, the one being answered included


class RequestError(Exception):
    """A request that is answered with a 4xx status, a sentence, and maybe headers."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


async def read_body(chunks: AsyncIterable[bytes], declared: str | None, limits: Limits) -> bytes:
    """Collect the body, never more than `limits.body_bytes` of it."""
    too_large = RequestError(
        413, f"the body is over {limits.body_bytes:,} bytes. Send fewer or shorter texts."
    )
    if declared and declared.isdecimal() and float(declared) > limits.body_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in chunks:
                body += chunk
                if len(body) > limits.body_bytes:
                    raise too_large
    except TimeoutError:
        seconds = f"{limits.body_seconds:g}"
        raise RequestError(
            408, f"the body was not complete after {seconds} seconds. Send it again."
        ) from None
    return bytes(body)


def texts_of(body: bytes, limits: Limits) -> list[str]:
    """Return the texts of a JSON body: {"text": t}, {"texts": [t, ...]}, or the bare string or list."""
    example = 'Send {"text": "..."} or {"texts": ["...", "..."]}.'
    if not body.strip():
        raise RequestError(400, f"the body is empty. {example}")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as problem:
        reason = str(problem) if isinstance(problem, json.JSONDecodeError) else "it cannot be decoded"
        raise RequestError(400, f"the body is not valid JSON ({reason}). {example}") from None
    texts = _unwrapped(found, example)
    if not texts:
        raise RequestError(422, f"the list of texts is empty. {example}")
    if len(texts) > limits.texts:
        raise RequestError(413, f"{len(texts):,} texts in one request; at most {limits.texts:,} are taken.")
    for number, text in enumerate(texts, start=1):
        _check_text(f"text {number}" if len(texts) > 1 else "the text", text, limits)
    return texts


def _unwrapped(found: Any, example: str) -> list[Any]:
    if isinstance(found, dict):
        given = [key for key in ("text", "texts") if key in found]
        if len(given) != 1:
            keys = "both" if given else f"the keys {sorted(found)[:5]}"[:200] if found else "no keys"
            raise RequestError(422, f'expected either "text" or "texts"; found {keys}. {example}')
        found, wanted = found[given[0]], str if given == ["text"] else list
        if not isinstance(found, wanted):
            raise RequestError(422, f'"{given[0]}" is {_kind(found)}; expected {KINDS[wanted]}. {example}')
    if isinstance(found, str):
        return [found]
    if isinstance(found, list):
        return found
    raise RequestError(422, f"the body is {_kind(found)}; expected an object. {example}")


def _check_text(name: str, text: Any, limits: Limits) -> None:
    if not isinstance(text, str):
        raise RequestError(422, f"{name} is {_kind(text)}; expected a string.")
    if not text.strip():
        raise RequestError(422, f"{name} is empty. Send at least one word.")
    if len(text) > limits.text_characters:
        raise RequestError(
            413, f"{name} has {len(text):,} characters; at most {limits.text_characters:,} are taken."
        )
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise RequestError(422, f"{name} holds half of a surrogate pair. Send whole characters.")


def _kind(found: Any) -> str:
    return KINDS.get(type(found), "a number")
