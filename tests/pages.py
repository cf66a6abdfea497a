"""What tests look for in every page and picture: closed elements, strokes inside, words apart."""

import re
from html.parser import HTMLParser
from pathlib import Path

from heedful.report.svg import breadth

VOID = {"meta", "br", "hr", "img", "input", "link"}
CHROMIUM = Path("/usr/bin/chromium")
BROWSER = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
OVERLAPS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll("svg.chart")) {
    const whole = svg.getBoundingClientRect();
    const letters = [...svg.querySelectorAll("text")].filter(one => !one.hasAttribute("transform"));
    const boxes = letters.map(one => [one.textContent, one.getBoundingClientRect()]);
    for (const [name, box] of boxes) {
      const out = Math.max(whole.left - box.left, box.right - whole.right, box.bottom - whole.bottom);
      if (box.width && out > 1) found.push("outside: " + name);
    }
    boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
      const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (wide > 1 && high > 4) found.push(a + " covers " + b);
    }));
  }
  return found;
}"""


class Reader(HTMLParser):
    """Checks that every element is closed in order, and collects the cells of the tables of a class."""

    def __init__(self, table: str) -> None:
        super().__init__()
        self.table = table
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.seen: dict[str, int] = {}
        self.board = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.board = ("class", self.table) in attrs
        if tag == "tr" and self.board:
            self.rows.append([])
        if tag in ("td", "th") and self.board:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.seen[tag] = self.seen.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()
        if tag == "table":
            self.board = False

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data
        if self.board and self.rows and self.rows[-1] and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data + " "


def read(page: str, table: str = "board") -> Reader:
    """Return what a page says; the test fails where an element is not closed."""
    reader = Reader(table)
    reader.feed(page)
    reader.close()
    assert not reader.open, f"never closed: {reader.open}"
    return reader


def check_inside(picture: str) -> None:
    """Fail where a stroke or a word of a chart leaves its frame."""
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', picture).groups())  # type: ignore[union-attr]
    for name, value in re.findall(r'\b(x|y|x1|x2|y1|y2|cx|cy)="(-?[\d.]+)"', picture):
        limit = width if "x" in name else height
        assert -0.5 <= float(value) <= limit + 0.5, (name, value, limit)
    for points in re.findall(r'points="([^"]*)"', picture):
        for pair in points.split():
            x, y = map(float, pair.split(","))
            assert -0.5 <= x <= width + 0.5 and -0.5 <= y <= height + 0.5
    for x, anchor, content in re.findall(
        r'<text x="(\S+)" y="\S+" text-anchor="(\w+)" class="[^"]*">([^<&]*)<', picture
    ):
        long = breadth(content) * 0.75  # the estimate is generous
        start = float(x) - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
        assert start >= -1 and start + long <= width + 1, content
