"""A leaderboard as one HTML page that opens offline, and as a fragment for notebooks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heedful.compare import sections
from heedful.compare.tables import leaderboard
from heedful.compare.view import Board, verdict
from heedful.report.markup import tag
from heedful.report.shell import content_style, shell, static
from heedful.report.svg import escape

STATIC = Path(__file__).parent / "static"


def report(document: Mapping[str, Any]) -> str:
    """Return the page. It loads nothing, and its policy forbids that it could; any figure may be missing."""
    board = Board(document)
    body = sections.header(board) + tag("main", "".join(part(board) for part in sections.STORY))
    style = static(STATIC / "board.css") + static(STATIC / "story.css")
    return shell(
        f"{board.name}: leaderboard", body + sections.footer(board), style, static(STATIC / "page.js")
    )


def fragment(document: Mapping[str, Any]) -> str:
    """Return the answer, the table and the interval picture as HTML for a notebook's cell."""
    board = Board(document)
    answer = tag("p", escape(" ".join(verdict(board))))
    table = leaderboard(board) if board.rows else ""
    content = (
        tag("h2", escape(board.name)) + answer + table + sections.trouble(board) + sections.intervals(board)
    )
    style = content_style() + static(STATIC / "board.css")
    return f"<style>{style}</style>" + tag("div", content, class_="heedful fragment")
