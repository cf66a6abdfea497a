"""What the pages under docs/ quote stands in the files that they name, word for word."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
QUOTE = re.compile(r"<!-- quote (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
FOUND = [
    (page, *match)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for match in QUOTE.findall(page.read_text())
]


def flush(text: str) -> list[str]:
    return [line.rstrip() for line in dedent(text).strip("\n").splitlines()]


@pytest.mark.parametrize(("page", "source", "quoted"), FOUND, ids=lambda part: str(part)[:40])
def test_a_quote_stands_in_its_file(page: Path, source: str, quoted: str) -> None:
    wanted = flush(quoted)
    lines = (ROOT / source).read_text().splitlines()
    spans = (lines[i : i + len(wanted)] for i in range(len(lines) - len(wanted) + 1))
    assert any(flush("\n".join(span)) == wanted for span in spans), f"{page.name} quotes what {source} lacks"


def test_the_walk_through_the_core_quotes_every_file_of_it() -> None:
    page = (ROOT / "docs" / "transformer.md").read_text()
    for path in (ROOT / "src/heedful/core").glob("*.py"):
        assert path.name in ("__init__.py", "precision.py") or f"`{path.name}`" in page, path.name
    assert len([one for one in FOUND if one[0].name == "transformer.md"]) >= 10
