"""The page to try a model: what it holds, and that it works in a browser."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from wordy import wordy

from heedful.studio.page import PAGE, page, policy
from heedful.studio.service import create_app

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-gpu", "--disable-quic",
]  # fmt: skip


def test_the_page_takes_nothing_from_elsewhere() -> None:
    source = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|@import|url\(", source)
    assert re.findall(r'(?:src|href)="([^"]*)"', source) == ["data:,"]
    assert "innerHTML" not in source


def test_the_policy_lets_nothing_in_and_is_sent_with_every_answer() -> None:
    assert "default-src 'none'" in policy() and "unsafe" not in policy()
    with TestClient(create_app(wordy())) as client:
        for path in ("/", "/health", "/nothing"):
            headers = client.get(path).headers
            assert (headers["content-security-policy"], headers["x-content-type-options"]) == (
                policy(),
                "nosniff",
            )


def test_hostile_class_names_stay_text() -> None:
    model = {
        "method": "<b>&",
        "classes": ["</script><script>alert(1)</script>", "{{method}}"],
        "version": "1",
    }
    shown = page(model, 10)
    assert "<script>alert" not in shown
    assert "<title>&lt;b&gt;&amp; · Heedful</title>" in shown
    assert '"{{method}}"' in shown


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium")
def test_a_person_types_a_text_and_sees_the_label(service: tuple[object, str]) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": 390, "height": 800})
        wrong: list[str] = []
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("pageerror", lambda problem: wrong.append(str(problem)))
        tab.on(
            "request", lambda request: wrong.append(request.url) if service[1] not in request.url else None
        )
        tab.goto(service[1])
        tab.click("#go")
        assert tab.inner_text("#error") == "Type a text first."
        for text, label in (("good good <b>news</b>", "pos"), ("bad " * 60, "neg")):
            tab.fill("#text", text)
            tab.keyboard.press("Control+Enter")
            tab.wait_for_selector(f"#label:text-is('{label}')")
        assert tab.is_visible("#cut")
        assert tab.locator("#bars li").count() == 2
        assert tab.locator("#bars .figure").all_inner_texts() == ["100.0 %", "< 0.1 %"]
        assert tab.inner_text("#earlier li span:first-child") == "good good <b>news</b>"
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        assert wrong == []
        tab.fill("#text", "explode")
        tab.click("#go")
        tab.wait_for_selector("#error:has-text('The model failed')")
        assert not tab.is_visible("#result")
        browser.close()
