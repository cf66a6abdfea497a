"""The shell: a page that is closed to the outside, with a policy for its very style and script."""

import re

import pytest
from pages import read

from heedful.report.shell import STATIC, content_style, digest, policy, shell


def test_a_page_without_a_script_allows_none() -> None:
    page = shell("a < b", "<p>x</p>", ".one { color: red; }")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style.startswith(content_style()) and style.endswith(".one { color: red; }")
    assert f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action 'none'" in page
    assert "script" not in page and "<title>a &lt; b</title>" in page
    assert read(page).seen["p"] == 1


def test_a_script_is_allowed_by_its_content() -> None:
    page = shell("t", "", "", "var a = 1;")
    assert page.endswith("<script>var a = 1;</script></body></html>\n")
    assert f"script-src {digest('var a = 1;')};" in page
    assert policy("a", "b") == policy("a", "b") != policy("a", "c")


def test_the_digest_is_the_published_one() -> None:
    # the example of Content Security Policy Level 3, section 2.3.1 ("alert('Hello, world.');")
    assert digest("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_the_style_takes_nothing_from_elsewhere(file: object) -> None:
    text = file.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert not re.search(r"https?:|@import|url\(|</", text)
    assert text.count("{") == text.count("}")
