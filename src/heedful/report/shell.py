"""The shell of a page that opens offline: it loads nothing, and its policy forbids that it could."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from heedful.report.svg import escape

STATIC = Path(__file__).parent / "static"


def shell(title: str, body: str, style: str, script: str = "") -> str:
    """Return the whole page; `body` is HTML, `style` comes after what all pages share."""
    style = content_style() + static(STATIC / "page.css") + style
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, script)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{style}</style>"
    )
    body += f"<script>{script}</script>" if script else ""
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body class="heedful">{body}</body></html>\n'


def content_style() -> str:
    """Return the style of texts, tables and pictures, which also serves a part of somebody else's page."""
    return static(STATIC / "content.css")


def policy(style: str, script: str = "") -> str:
    """Return a Content-Security-Policy that allows this very style and script, and nothing else."""
    scripts = f"script-src {digest(script)}; " if script else ""
    return f"default-src 'none'; style-src {digest(style)}; {scripts}base-uri 'none'; form-action 'none'"


def digest(content: str) -> str:
    """Return the name under which a policy allows this very content."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


@cache
def static(file: Path) -> str:
    """Return one of the files that make a page."""
    return file.read_text(encoding="utf-8")
