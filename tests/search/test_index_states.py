"""Any order of add, delete, search and reopen gives what a dictionary would."""

import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hashed import Hashed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from heedful.search.index import Index
from heedful.search.order import unit

ENCODER = Hashed()
IDS = st.integers(0, 15).map(str)
TEXTS = st.lists(st.sampled_from(["red", "green", "blue", "cat", "dog", "fish"]), max_size=4).map(" ".join)
FILTERS = st.sampled_from([None, "year >= 2010", "not year < 2005"])
ROWS = st.lists(st.tuples(IDS, TEXTS, st.sampled_from([None, "1999", "2010", "2020"])), max_size=6)


class Against(RuleBasedStateMachine):
    """An index beside a dictionary of id -> (text, year); parts are tiny, so that they are merged often."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = [
            patch("heedful.search.change.PART_ROWS", 8),
            patch("heedful.search.intake.PART_ROWS", 3),
            patch("heedful.search.change.LIGHT_PARTS", 3),
        ]
        for one in self.patches:
            one.start()
        self.folder = Path(tempfile.mkdtemp())
        self.index = Index.create(self.folder / "index", ENCODER, columns=["year"])
        self.known: dict[str, tuple[str, str | None]] = {}

    def teardown(self) -> None:
        self.index.close()
        shutil.rmtree(self.folder)
        for one in self.patches:
            one.stop()

    @rule(rows=ROWS)
    def add(self, rows: list[tuple[str, str, str | None]]) -> None:
        years = {"year": [year for _, _, year in rows]}
        told = self.index.add([one for one, _, _ in rows], [text for _, text, _ in rows], years)
        before = len(self.known)
        self.known |= {one: (text, year) for one, text, year in rows if text}
        assert told.added == len(self.known) - before
        assert told.empty == sum(not text for _, text, _ in rows)
        assert told.added + told.replaced + told.unchanged + told.empty == len(rows)

    @rule(ids=st.lists(IDS, max_size=4))
    def delete(self, ids: list[str]) -> None:
        told = self.index.delete(ids)
        assert told.deleted == len(set(ids) & set(self.known))
        assert told.deleted + told.unknown == len(set(ids))
        self.known = {one: row for one, row in self.known.items() if one not in ids}

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = Index.open(self.folder / "index", ENCODER)

    @rule(
        query=TEXTS, top=st.integers(1, 20), where=st.sampled_from([None, "year >= 2010", "not year < 2005"])
    )
    def search(self, query: str, top: int, where: str | None) -> None:
        tests = {
            None: lambda _: True,
            "year >= 2010": lambda year: year is not None and int(year) >= 2010,
            "not year < 2005": lambda year: not (year is not None and int(year) < 2005),
        }
        fitting = {one: text for one, (text, year) in self.known.items() if tests[where](year)}
        hits = self.index.search([query], top, where=where)[0]
        vectors = unit(ENCODER.encode(list(fitting.values())))
        cosines = dict(zip(fitting, (vectors @ unit(ENCODER.encode([query]))[0]).tolist(), strict=True))
        assert len(hits) == min(top, len(fitting)) == len({hit.id for hit in hits})
        assert [hit.score for hit in hits] == pytest.approx(sorted(cosines.values())[::-1][:top], abs=2e-6)
        for hit in hits:
            assert cosines[hit.id] == pytest.approx(hit.score, abs=2e-6)
            assert (hit.text, hit.columns["year"]) == self.known[hit.id]

    @precondition(lambda self: self.known)
    @rule(query=TEXTS)
    def search_words(self, query: str) -> None:
        view = self.index.view
        rows, scores = self.index.by_words([query], 20, view.alive)
        found = {row.id for row in view.fetch(rows[rows >= 0]).values()}
        wanted = set(query.split())
        assert found == {one for one, (text, _) in self.known.items() if wanted & set(text.split())}
        assert (np.diff(scores[0][rows[0] >= 0]) <= 0).all()

    @invariant()
    def same_rows(self) -> None:
        assert len(self.index) == len(self.known)
        assert set(self.index.view.rows) == set(self.known)
        assert len(self.index.view.parts) <= 3 + len(self.known) // 4 + 1


def run(examples: int, steps: int) -> None:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    chosen = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(Against, settings=settings(chosen, suppress_health_check=slow))


def test_states_agree_with_a_dictionary() -> None:
    run(12, 15)


@pytest.mark.slow
def test_many_states_agree_with_a_dictionary() -> None:
    run(500, 50)
