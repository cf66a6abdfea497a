"""A cache whose rows change places: the same content as if all were copied, but little is."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.core import cache as module
from heedful.core.attention import Packed
from heedful.core.cache import Cache, Other, Own
from heedful.core.config import StackConfig, TokenInput
from heedful.errors import DataError

PLACES = 12
CONFIG = StackConfig(
    input=TokenInput(vocab=9, positions=PLACES), width=4, depth=2, heads=2, hidden=4, causal=True, cross=True
)


class Model:
    """A cache, and beside it a plain list of what each row should hold."""

    def __init__(self, spans: list[int]) -> None:
        self.cache = Cache(CONFIG, len(spans), PLACES, torch.zeros(0))
        self.rows: list[list[float]] = [[] for _ in spans]
        self.texts = list(range(len(spans)))
        self.spans, self.count = spans, 0.0

    def write(self, lengths: list[int], memory: bool = False) -> None:
        """Add tokens that no other equals to each row."""
        layout = self.cache.layout(lengths)
        self.cache.begin(layout, Packed(tuple(self.spans)) if memory else None)
        new = self.count + torch.arange(1.0, 1 + sum(lengths))
        self.count += sum(lengths)
        for keep in self.cache.own:
            keep.add(*(sign * new[:, None, None].expand(-1, 2, 2) for sign in (1, -1)))
        for other in self.cache.other if memory else ():
            text = torch.arange(len(self.spans)).repeat_interleave(torch.tensor(self.spans)) + 0.5
            other.add(*(sign * text[:, None, None].expand(-1, 2, 2) for sign in (1, -1)))
        for row, part in zip(self.rows, new.split(lengths), strict=True):
            row += part.tolist()
        self.cache.end(layout)

    def choose(self, rows: list[int]) -> None:
        """Let the rows change places, here and there."""
        self.cache.choose(rows)
        self.rows, self.texts = [[*self.rows[row]] for row in rows], [self.texts[row] for row in rows]

    def check(self) -> None:
        """Both hold the same."""
        assert self.cache.past == [len(row) for row in self.rows]
        assert self.cache.memory.lengths == tuple(self.spans[text] for text in self.texts)
        for keep, sign in [(keep, sign) for keep in self.cache.own for sign in (1, -1)]:
            part = keep.read()[sign < 0]
            assert [sign * part[i, : len(row), 0, 1] for i, row in enumerate(self.rows)] == [
                pytest.approx(torch.tensor(row)) for row in self.rows
            ]
            assert len(part) == len(self.rows)
        for other in self.cache.other:
            for sign, part in zip((1, -1), other.read(), strict=True):
                assert (sign * part[:, 0, 0, 0] - 0.5).tolist() == self.texts


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_rows_change_places_as_if_all_were_copied(data: Any) -> None:
    spans = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    model = Model(spans)
    model.write([data.draw(st.integers(1, 4)) for _ in spans], memory=True)
    for _ in range(4):
        model.choose(data.draw(st.lists(st.integers(0, len(model.rows) - 1), max_size=6)))
        model.check()
        if not model.rows:
            break
        room = min((PLACES - len(row) for row in model.rows), default=0)
        model.write([data.draw(st.integers(1, min(2, room))) for _ in model.rows])
        model.check()


def test_only_what_differs_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    model, copied = Model([2, 3]), []
    for kind in (Own, Other):
        plain = kind.copy

        def copy(keep: Any, source: Any, target: Any, rows: int, plain: Any = plain) -> None:
            copied.append((type(keep).__name__, len(source)))
            plain(keep, source, target, rows)

        monkeypatch.setattr(kind, "copy", copy)
    model.write([3, 3], memory=True)
    model.choose([0, 0, 1, 1])
    assert set(copied) == {("Own", 9), ("Other", 3)}  # row 0 stays; three others get three tokens and a text
    model.write([1] * 4)
    copied.clear()
    model.choose([1, 0, 2, 2])
    assert set(copied) == {("Own", 3)}  # the beams of a text differ in the last token only
    model.check()


def test_more_rows_than_memory_allows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 8 * CONFIG.depth * 3 * PLACES * 4)
    model = Model([1, 1, 1])
    model.write([1, 1, 1], memory=True)
    with pytest.raises(DataError, match="4 sequences of 12 tokens need 0 MB of memory"):
        model.choose([0, 1, 2, 2])
    with pytest.raises(DataError, match="Ask for fewer tokens"):
        Cache(CONFIG, 4, PLACES, torch.zeros(0))
