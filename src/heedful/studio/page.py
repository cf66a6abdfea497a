"""The page to try a classifier: one file, nothing fetched but the answers."""

import base64
import hashlib
import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent / "static" / "try.html"


@cache
def _source() -> str:
    return PAGE.read_text(encoding="utf-8")


def page(model: dict[str, Any], characters: int) -> str:
    """Return the page for a model (method, classes, version), with texts of at most `characters`."""
    about = json.dumps({**model, "characters": characters}).replace("<", "\\u003c")
    named = _source().replace("{{method}}", html.escape(model["method"]))
    return named.replace("{{model}}", about)


def policy() -> str:
    """Return a Content-Security-Policy that runs the page's own script and style, and nothing else."""
    script, style = (_digest(tag) for tag in ("script", "style"))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _digest(tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", _source(), re.DOTALL)
    assert found, f"{PAGE} has no <{tag}>"
    return f"'sha256-{base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()}'"
