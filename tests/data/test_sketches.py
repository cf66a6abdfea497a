"""MinHash finds the near texts and no others, in the same way in every process."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from heedful.data import sketches as module
from heedful.data.shingles import normalised
from heedful.data.sketches import NEAR, Sketcher, Sketches, band_keys

WORDS = [f"word{i}" for i in range(3000)]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = normalised(text).split()
    return set(zip(words, words[1:], words[2:], strict=False))


def resemblance(left: str, right: str) -> float:
    a, b = shingles(left), shingles(right)
    return len(a & b) / len(a | b)


def edited(text: str, edits: int, maker: random.Random) -> str:
    """Return a text with some words replaced, dropped or put in."""
    words = text.split()
    for _ in range(edits):
        place = maker.randrange(len(words))
        words[place : place + maker.choice([0, 1])] = maker.choice([[], [maker.choice(WORDS)]])
    return " ".join(words)


def found(folder: Path, texts: list[str]) -> dict[int, int]:
    folder.mkdir()
    return Sketches(folder, texts).near_earlier(texts.__getitem__)


def test_resemblance_is_that_of_the_sets() -> None:
    maker, sketcher = random.Random(0), Sketcher()
    text = " ".join(maker.choices(WORDS, k=200))
    for edits in (0, 1, 5, 20, 100):
        other = edited(text, edits, maker)
        sets = sketcher.shingle_set(text), sketcher.shingle_set(other)
        assert module.resemblance(*sets) == pytest.approx(resemblance(text, other))
    short = [sketcher.shingle_set(text) for text in ("Two words!", "two, words", "two other")]
    assert module.resemblance(short[0], short[1]) == 1.0
    assert module.resemblance(short[0], short[2]) == 0.0


def test_minima_agree_as_often_as_the_sets_resemble() -> None:
    maker, sketcher = random.Random(1), Sketcher()
    told, real = [], []
    for edits in range(60):
        text = " ".join(maker.choices(WORDS, k=150))
        other = edited(text, edits, maker)
        left, right = sketcher.minima([sketcher.shingles(text), sketcher.shingles(other)])
        told.append(np.mean(left == right))
        real.append(resemblance(text, other))
    wrong = np.array(told) - real
    assert abs(wrong.mean()) < 0.02  # 60 pairs of 120 minima: a standard deviation of 0.006 at most
    assert np.abs(wrong).max() < 4.5 * np.sqrt(0.25 / 120)


def test_recall_and_precision_on_known_edits(tmp_path: Path) -> None:
    maker = random.Random(2)
    texts, partner = [], {}
    for _ in range(400):
        text = " ".join(maker.choices(WORDS, k=maker.randrange(30, 300)))
        texts.append(text)
        partner[len(texts)] = len(texts) - 1
        texts.append(edited(text, maker.randrange(1, max(2, len(text.split()) // 12)), maker))
    near = {i: j for i, j in partner.items() if resemblance(texts[i], texts[j]) >= NEAR}
    assert 100 < len(near) < 350  # both sides of the threshold are tried
    taken = found(tmp_path / "work", texts)
    assert set(taken.items()) <= set(near.items())  # nothing that is not near
    assert len(taken) >= 0.99 * len(near)


def test_a_text_goes_only_if_the_one_it_is_near_to_stays(tmp_path: Path) -> None:
    words = WORDS[:100]
    chain = [" ".join([*WORDS[500 : 500 + 4 * i], *words[4 * i :]]) for i in range(8)]
    assert resemblance(chain[0], chain[1]) >= NEAR > resemblance(chain[0], chain[3])
    taken = found(tmp_path / "work", chain)
    assert taken and not set(taken.values()) & set(taken)
    stay = [i for i in range(8) if i not in taken]
    assert all(resemblance(chain[i], chain[j]) >= NEAR for i, j in taken.items())
    assert not any(resemblance(chain[i], chain[j]) >= NEAR for i in stay for j in stay if j < i)


def test_a_crowd_takes_linear_time(tmp_path: Path) -> None:
    page = " ".join(WORDS[:40])
    texts = [f"{page} number{i}" for i in range(4000)]
    start = time.process_time()
    taken = found(tmp_path / "work", texts)
    assert taken == dict.fromkeys(range(1, 4000), 0)
    assert time.process_time() - start < 10  # 8 million pairs would take many minutes


def test_few_texts_and_short_ones(tmp_path: Path) -> None:
    assert found(tmp_path / "a", []) == {}
    assert found(tmp_path / "b", ["one text alone"]) == {}
    assert found(tmp_path / "c", ["hi", "", "Hi!", "...", "ho", "\u4f60\u597d"]) == {2: 0}


def test_batches_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = random.Random(3)
    texts = [" ".join(maker.choices(WORDS[:50], k=9)) for _ in range(60)]
    found(tmp_path / "one", texts)
    monkeypatch.setattr(module, "BATCH", 20)
    monkeypatch.setattr(module, "VOCABULARY", 7)
    found(tmp_path / "many", texts)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "many" / path.name).read_bytes()


def test_every_process_finds_the_same_numbers() -> None:
    code = (
        "from heedful.data.sketches import *\ns = Sketcher()\n"
        "print(band_keys(s.minima([s.shingles('the same words in every process')])).tolist())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    sketcher = Sketcher()
    here = band_keys(sketcher.minima([sketcher.shingles("the same words in every process")])).tolist()
    assert runs[0] == runs[1] == f"{here}\n"
