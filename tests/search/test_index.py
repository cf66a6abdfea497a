"""An index as one uses it: what is kept, refused and told; what damage does; one writer at a time."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hashed import Hashed

from heedful.errors import ConfigError, DataError
from heedful.search.index import Hit, Index
from heedful.storage import locked
from heedful.types import Floats, Texts, Vectors

TEXTS = ["the red cat", "a blue fish", "green grass and a cat", "two dogs"]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index.create(tmp_path / "index", Hashed(), model="hashed", columns=["year", "kind"])
    made.add(list("abcd"), TEXTS, {"year": [1999, 2010, None, 2020], "kind": ["x", "y", "", "it's"]})
    return made


def test_hits_have_all_that_was_given(index: Index) -> None:
    assert index.search(["two dogs"], top=1) == [
        [Hit("d", "two dogs", 1.0, {"year": "2020", "kind": "it's"})]
    ]
    assert [hit.id for hit in index.search(["cat"], where="year < 2000 or kind = 'y'")[0]] == ["a", "b"]
    assert index.search(["cat"], where="id = 'c'")[0][0].columns == {"year": None, "kind": None}
    assert index.search([], top=3) == []
    assert index.search(["cat"], where="year > 3000") == [[]]


def test_hybrid_finds_by_words_and_by_vectors(index: Index) -> None:
    hits = index.search(["cat"], top=4, hybrid=True)[0]
    assert {hit.id for hit in hits} == set("abcd") and {hit.id for hit in hits[:2]} == {"a", "c"}
    assert hits[0].score == pytest.approx(2 / 61, rel=0.05)
    assert [hit.id for hit in index.search(["cat"], where="kind = 'x'", hybrid=True)[0]] == ["a"]


def test_words_follow_changes_and_come_from_the_cache(index: Index) -> None:
    assert index.by_words(["zebra"], 2, index.view.alive)[0].tolist() == [[-1, -1]]
    index.add(["z"], ["a zebra"])
    assert [hit.id for hit in index.search(["zebra"], 1, hybrid=True)[0]] == ["z"]
    assert len(list((index.home / "cache").glob("words-*"))) == 1
    again = Index.open(index.home, Hashed())
    assert [hit.id for hit in again.search(["zebra"], 1, hybrid=True)[0]] == ["z"]


class Longest:
    """Prefers long texts."""

    def score(self, pairs: object) -> Floats:
        return np.array([float(len(text)) for _, text in pairs])  # type: ignore[attr-defined]


def test_a_scorer_has_the_last_word(index: Index) -> None:
    hits = index.search(["fish"], top=2, rerank=Longest())[0]
    assert [(hit.id, hit.score) for hit in hits] == [("c", 21.0), ("b", 11.0)]  # of equal ones, the nearer


def test_readers_see_what_others_changed(index: Index) -> None:
    reader = Index.open(index.home, Hashed())
    assert len(reader.search(["cat"])[0]) == 4
    index.delete(["a"])
    assert {hit.id for hit in reader.search(["cat"])[0]} == set("bcd")


def test_a_second_writer_is_refused_and_nothing_is_lost(index: Index) -> None:
    with locked(index.home), pytest.raises(DataError, match="being written by another run"):
        index.add(["e"], ["new"])
    assert len(index) == 4
    index.add(["e"], ["new"])
    assert len(index) == 5


class Other(Hashed):
    def __init__(self) -> None:
        super().__init__(seed=9)


class Breaking(Hashed):
    def encode(self, texts: Texts) -> Vectors:
        if "third" in texts:
            raise OSError(5, "input/output error")
        return super().encode(texts)


class Infinite(Hashed):
    def encode(self, texts: Texts) -> Vectors:
        return super().encode(texts) * np.float32(np.inf)


def test_another_encoder_is_refused(index: Index) -> None:
    with pytest.raises(ConfigError, match="made with hashed; this encoder gives other vectors"):
        Index.open(index.home, Other())
    with pytest.raises(ConfigError, match="have 32 numbers; this encoder's have 8"):
        Index.open(index.home, Hashed(8))
    with pytest.raises(ConfigError, match="no encoder was given"):
        Index.open(index.home).search(["cat"])
    with pytest.raises(DataError, match="no numbers"):
        Index.create(index.home.parent / "other", Infinite())
    assert not (index.home.parent / "other").exists()


def test_an_add_that_fails_leaves_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedful.search.intake.PART_ROWS", 1)
    broken = Index.open(index.home, Breaking())
    with pytest.raises(OSError, match="input/output"):
        broken.add(["e", "a", "g"], ["first", "second", "third"])
    assert {hit.id for hit in index.search(["first"])[0]} == set("abcd")
    assert index.add(["e"], ["first"]).added == 1
    assert len([one for one in index.home.iterdir() if one.name.startswith("part-")]) == 2


def test_odd_rows_are_counted_and_odd_calls_refused(index: Index) -> None:
    told = index.add(
        ["", "e", "f", "f"], ["no id", "  ", "x" * 300, "once more " * 30], {"year": [1, 2, 3, 4]}
    )
    assert (told.added, told.replaced, told.empty, told.cut) == (1, 1, 2, 1)
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: index.add(["g"], ["a", "b"]), r"lengths \[1, 2\]"),
        (lambda: index.add("g", ["a"]), "one string"),
        (lambda: index.add(["g"], ["a"], {"size": [1]}), r"no columns \['size'\]"),
        (lambda: index.search("cat"), "one string"),
        (lambda: index.search(["cat"], top=0), "at least 1"),
        (lambda: index.delete("ab"), "one string"),
        (lambda: Index.create(index.home, Hashed()), "is there already"),
        (lambda: Index.open(index.home / "none"), "is no index"),
        (lambda: Index.create(index.home / "x", Hashed(), columns=["id"]), "'id' is taken"),
        (lambda: Index.create(index.home / "x", Hashed(), store="chroma"), "no store 'chroma'"),
        (lambda: Index.create(index.home / "x", Hashed(), store="http://a:b@c"), "has a password"),
    ]
    for call, says in calls:
        with pytest.raises((DataError, ConfigError), match=says):
            call()
    assert len(index) == 5


def test_surrogates_and_signs_in_ids_texts_and_columns(index: Index) -> None:
    odd = "a\"'\\ \u2028 \U0001f600 ü\n\t"
    index.add([odd], [odd + " cat"], {"kind": [odd]})
    hit = index.search([odd + " cat"], 1)[0][0]
    assert (hit.id, hit.text, hit.columns["kind"]) == (odd, odd + " cat", odd)
    assert index.delete([odd]).deleted == 1
    index.add(["s"], ["lone \ud800 surrogate"])
    assert Index.open(index.home, Hashed()).search(["lone"], 1)[0][0].text == "lone \ufffd surrogate"


def damage(name: str) -> Callable[[Path], None]:
    def cut(home: Path) -> None:
        path = next(home.glob(name))
        path.write_bytes(path.read_bytes()[:-5])

    return cut


def flip(home: Path) -> None:
    path = next(home.glob("part-*/vectors.safetensors"))
    data = bytearray(path.read_bytes())
    data[-3] ^= 64
    path.write_bytes(data)


def forged(home: Path) -> None:
    told = json.loads((home / "index.json").read_text())
    told["parts"][0]["name"] = "../elsewhere"
    (home / "index.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (damage("part-*/rows.parquet"), r"rows.parquet has .* bytes, expected"),
        (damage("part-*/keys.safetensors"), r"keys.safetensors has .* bytes, expected"),
        (damage("index.json"), "not valid JSON"),
        (
            lambda home: next(home.glob("part-*/vectors.safetensors")).unlink(),
            "vectors.safetensors is missing",
        ),
        (lambda home: next(home.glob("gone-*")).unlink(), "gone-.* is missing"),
        (lambda home: shutil.rmtree(next(home.glob("part-*"))), "is missing"),
        (lambda home: (home / "index.json").write_text('{"format": 1}'), "is damaged"),
        (lambda home: (home / "index.json").write_text("[]"), "is damaged"),
        (flip, r"is not what was written \(SHA-256\)"),
        (forged, "is damaged"),
    ],
)
def test_damage_is_named(index: Index, harm: Callable[[Path], None], says: str) -> None:
    index.delete(["a"])
    harm(index.home)
    with pytest.raises(DataError, match=says):
        Index.open(index.home, Hashed()).search(["cat"])
