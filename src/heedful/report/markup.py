"""The few HTML elements of a page. Contents are HTML; names and attributes are escaped here."""

from collections.abc import Iterable, Mapping, Sequence

from heedful.report.figures import MISSING, finite, size
from heedful.report.svg import escape


def tag(name: str, content: str = "", **attributes: str | None) -> str:
    """Return an element; the content is HTML, the attributes are escaped (a trailing _ is cut)."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>"


def grid(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], class_: str | None = None) -> str:
    """Return a table in a frame that scrolls by itself; cells are HTML, the first of a row is its header."""
    body = "".join(
        tag("tr", tag("th", first, scope="row") + "".join(tag("td", cell) for cell in rest))
        for first, *rest in rows
    )
    head = tag("thead", tag("tr", "".join(tag("th", escape(name), scope="col") for name in heads)))
    table = tag("table", tag("caption", escape(caption)) + head + tag("tbody", body), class_=class_)
    return scroller(table, caption)


def scroller(content: str, label: str) -> str:
    """Let what is too wide scroll inside its own frame, by touch and by keyboard."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)


def part(anchor: str, title: str, content: str) -> str:
    """Return a section under its heading, nothing where there is no content."""
    return tag("section", tag("h2", escape(title)) + content, id=anchor) if content else ""


def figure(picture: str, caption: str, class_: str = "fit") -> str:
    """Return a picture with a caption (HTML) below; a `wide` one keeps its size and scrolls in its frame."""
    focus = "0" if class_ == "wide" else None
    framed = tag("div", picture, class_=f"picture {class_}", tabindex=focus)
    return tag("figure", framed + tag("figcaption", caption))


def facts(pairs: list[tuple[str, str]], class_: str = "facts") -> str:
    """Return names and values as a definition list, without the missing ones."""
    kept = [(name, value) for name, value in pairs if value != MISSING]
    return tag(
        "dl",
        "".join(tag("div", tag("dt", escape(name)) + tag("dd", escape(value))) for name, value in kept),
        class_=class_,
    )


def named(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return names and values as people read them; `memory_bytes` is a size that is called memory."""
    return [
        (
            name.removesuffix("_bytes").replace("_", " "),
            size(finite(value)) if name.endswith("_bytes") else written(value),
        )
        for name, value in values.items()
    ]


def written(value: object) -> str:
    """Write a value of any kind: numbers with commas, lists with them between; what is nested is missing."""
    if value is None or isinstance(value, Mapping):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(written, value)) or MISSING
    return f"{value:g}" if isinstance(value, float) else str(value)


def folded(summary: str, content: str, open_: bool = False) -> str:
    """Return what opens on demand, without a script."""
    return f"<details{' open' if open_ else ''}>{tag('summary', escape(summary))}{content}</details>"
