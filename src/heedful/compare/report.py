"""A leaderboard as one HTML page that opens offline, and as a fragment for notebooks."""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from heedful.compare import sections
from heedful.compare.markup import tag
from heedful.compare.svg import escape
from heedful.compare.tables import leaderboard
from heedful.compare.view import Board, verdict

STATIC = Path(__file__).parent / "static"


def report(document: Mapping[str, Any]) -> str:
    """Return the page. It loads nothing, and its policy forbids that it could; any figure may be missing."""
    board = Board(document)
    style, script = static("board.css") + static("page.css"), static("page.js")
    allowed = f"style-src {digest(style)}; script-src {digest(script)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(board.name)}: leaderboard</title><style>{style}</style>"
    )
    body = sections.header(board) + tag("main", "".join(part(board) for part in sections.STORY))
    body += sections.footer(board) + f"<script>{script}</script>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body class="heedful">{body}</body></html>\n'


def fragment(document: Mapping[str, Any]) -> str:
    """Return the answer, the table and the interval picture as HTML for a notebook's cell."""
    board = Board(document)
    answer = tag("p", escape(" ".join(verdict(board))))
    table = leaderboard(board) if board.rows else ""
    content = (
        tag("h2", escape(board.name)) + answer + table + sections.trouble(board) + sections.intervals(board)
    )
    return f"<style>{static('board.css')}</style>" + tag("div", content, class_="heedful fragment")


@cache
def static(name: str) -> str:
    """Return one of the files that belong to the page."""
    return (STATIC / name).read_text(encoding="utf-8")


def digest(content: str) -> str:
    """Return the name under which the page's policy allows this very content."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
