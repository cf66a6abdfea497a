"""Answering: windows, whole words, the reference's logits, no answer, training, files, bad input."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from tasks.scribe import folder, write_tokenizer

from heedful.errors import CheckpointError, ConfigError, DataError, NotFittedError
from heedful.tasks.answer import Answerer
from heedful.tasks.extract import Found, extract, ranked, spread, token_scores
from heedful.tasks.fit_answer import fit_answer
from heedful.tasks.windows import NONE, NULL, Cutter, Window, word_edges
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.types import Floats

KEYS = ["copper", "silver", "iron", "glass", "amber", "coral", "ivory", "linen"]
PLACES = ["north", "south", "east", "west", "harbour", "castle", "market", "forest"]


@cache
def tiny(name: str) -> Path:
    """Return a tiny encoder whose tokenizer puts marks around a pair of texts."""
    import transformers
    from tokenizers import Tokenizer as Engine
    from tokenizers.processors import TemplateProcessing

    path = Path(mkdtemp())
    sizes = {
        "vocab_size": 310,
        "max_position_embeddings": 66,
        "pad_token_id": int(name in ("Roberta", "MPNet")),
    }
    wide: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    wide |= {"intermediate_size": 64, "type_vocab_size": 2 if name == "Bert" else 1}
    if name == "DistilBert":
        wide = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    torch.manual_seed(0)
    model = getattr(transformers, f"{name}Model")
    model(model.config_class(**sizes, **wide)).save_pretrained(path)
    write_tokenizer(path, ends=False)
    engine = Engine.from_file(str(path / "tokenizer.json"))
    second = int(name == "Bert")
    begin, end = ("<|im_start|>", 4), ("<|im_end|>", 5)
    engine.post_processor = TemplateProcessing(
        single=f"{begin[0]} $A {end[0]}", pair=f"{begin[0]} $A {end[0]} $B:{second} {end[0]}:{second}",
        special_tokens=[begin, end],
    )  # fmt: skip
    engine.save(str(path / "tokenizer.json"))
    return path


def small(name: str = "Bert", **more: Any) -> Answerer:
    given = {"window": 64, "stride": 16, "max_answer_tokens": 8, "epochs": 1, "precision": "fp32"}
    return Answerer(str(tiny(name)), **{**given, **more})


def cutter(window: int = 40, stride: int = 10) -> Cutter:
    return Cutter(Tokenizer.load(tiny("Bert"), UNCUT), window, stride)


def facts(count: int, seed: int) -> tuple[list[str], list[str], list[list[tuple[int, int]]]]:
    """Return questions after the number in a text; in every fourth text there is none."""
    random = np.random.default_rng(seed)
    questions, contexts, answers = [], [], []
    for row in range(count):
        words = random.permutation([*KEYS, *PLACES])[:5].tolist()
        number = str(random.integers(100, 999))
        questions.append(f"how many {words[0]}")
        if row % 4:
            words.insert(int(random.integers(1, 5)), number)
        contexts.append(" ".join(words))
        start = contexts[-1].find(number)
        answers.append([(start, start + len(number))] if row % 4 else [])
    return questions, contexts, answers


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't cut 1,024.5 or U.S.", ["Don't", "cut", "1,024.5", "or", "U", ".", "S", "."]),
        ("Curie's well-known", ["Curie", "'", "s", "well", "-", "known"]),
        ("naïve 日本語 größer", ["naïve", "日", "本", "語", "größer"]),
        ("12:30, 7.", ["12:30", ",", "7", "."]),
        (" \n", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    begins, closes = word_edges(text)
    assert [text[a:b] for a, b in zip(begins, closes, strict=True)] == words


def test_windows_cover_the_context_and_share_their_stride() -> None:
    context = " ".join(f"word{i} größer 日本" for i in range(30))
    (several,) = cutter().windows(["which word?"], [context])
    assert len(several) > 3
    starts = set(word_edges(context)[0].tolist())
    seen: set[int] = set()
    for one in several:
        assert len(one.ids) <= 40
        assert one.ids[:3].tolist() == several[0].ids[:3].tolist()  # the question is in each
        mine = set(one.starts[one.starts != NONE].tolist())
        assert mine <= starts
        assert not seen or mine & seen
        seen |= mine
    assert seen == starts
    ends = {int(x) for one in several for x in one.ends[one.ends != NONE]}
    assert ends == set(word_edges(context)[1].tolist())


def test_every_short_answer_is_whole_in_some_window() -> None:
    context = " ".join(f"word{i} größer" for i in range(30))
    (several,) = cutter().windows(["which?"], [context])
    begins, closes = word_edges(context)
    for first in range(len(begins)):
        span = (int(begins[first]), int(closes[min(first + 1, len(closes) - 1)]))
        found = [one for one in several if one.target(span) != (NULL, NULL)]
        assert found
        for one in found:
            start, end = one.target(span)
            assert (one.starts[start], one.ends[end]) == span


def test_targets_are_made_up_to_whole_words() -> None:
    context = "she sells 1,024.5 größer shells"
    ((one,),) = cutter(64, 16).windows(["who?"], [context])
    for part, whole in (("ell", "sells"), ("024", "1,024.5"), ("s 1", "sells 1,024.5"), ("röß", "größer")):
        at = context.index(part)
        start, end = one.target((at, at + len(part)))
        assert context[one.starts[start] : one.ends[end]] == whole
    assert one.target(None) == (NULL, NULL)
    assert one.starts[NULL] == one.ends[NULL] == NONE


def test_spans_are_the_best_of_all_pairs() -> None:
    random = np.random.default_rng(0)
    context = "the bank of the river, 日本語 and größer shells"
    ((one,),) = cutter(64, 16).windows(["who?"], [context])
    start, end = random.normal(size=(2, len(one.ids)))
    expected = sorted(
        (
            (start[i] + end[j], (int(one.starts[i]), int(one.ends[j])))
            for i in range(len(one.ids))
            for j in range(i, min(i + 6, len(one.ids)))
            if one.starts[i] != NONE and one.ends[j] != NONE
        ),
        reverse=True,
    )
    found = one.spans(start, end, 6, 10)
    assert [span for _, span in found] == [span for _, span in expected[:10]]
    assert [value for value, _ in found] == pytest.approx([value for value, _ in expected[:10]])
    assert len(one.spans(start, end, 6, 10**6)) == len(expected)


def test_no_answer_and_probabilities() -> None:
    found = Found([2.0, -1.0], [(4, 8), (0, 3)])
    one, none, other = ranked(found, "the bank", 0.5)
    assert (one.text, one.start, one.end, one.score) == ("bank", 4, 8, 1.5)
    assert (none.text, none.start, none.end, none.score) == ("", 0, 0, 0)
    assert (other.text, other.score) == ("the", -1.5)
    assert one.probability + none.probability + other.probability == pytest.approx(1)
    assert one.probability / none.probability == pytest.approx(np.exp(1.5))
    assert [answer.text for answer in ranked(found, "the bank", 3.0)] == ["", "bank", "the"]
    assert [answer.text for answer in ranked(found, "the bank", None)] == ["bank", "the"]
    assert [answer.text for answer in ranked(Found([], []), "...", None)] == [""]


def test_the_windows_of_a_context_are_weighed_against_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def window(start: int) -> Window:
        places = np.array([NONE, start], dtype=np.int32)
        return Window(0, np.array([1, 2]), np.array([0, 1]), places, places + np.array([0, 4], np.int32))

    scores: list[Floats] = [np.array([[1.0, 1.0], [3.0, 3.0]]), np.array([[0.5, 0.0], [2.0, 2.0]])]
    monkeypatch.setattr("heedful.tasks.extract.token_scores", lambda *_: scores)
    model: Any = None
    (found,) = extract(model, [[window(0), window(10)]], 5, "fp32")
    assert found.spans == [(0, 4), (10, 14)]
    assert found.margins == [5.5, 3.5]  # against the least score of no answer, 0.5
    (same,) = extract(model, [[window(7), window(7)]], 5, "fp32")
    assert (same.spans, same.margins) == ([(7, 11)], [5.5])


@pytest.mark.parametrize("name", ["Bert", "Roberta", "DistilBert", "MPNet"])
def test_what_is_saved_is_the_reference_s(name: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    questions, contexts, answers = facts(24, seed=0)
    model = small(name).fit(questions, contexts, answers)
    model.save(tmp_path / "m")
    kind = getattr(transformers, f"{name}ForQuestionAnswering")
    theirs, info = kind.from_pretrained(tmp_path / "m", output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "m")
    again = Answerer.load(tmp_path / "m")
    for several in again.cutter_.windows(questions[:5], contexts[:5]):
        (window,) = several
        ids = tokenizer(questions[window.row], contexts[window.row])["input_ids"]
        assert ids == window.ids.tolist()
        given = {"input_ids": torch.tensor([ids])}
        if name == "Bert":
            given["token_type_ids"] = torch.tensor(window.segments[None].astype(np.int64))
        with torch.inference_mode():
            found = theirs.eval()(**given)
            ours, _ = spread(again.transformer_, several)
        expected = torch.stack([found.start_logits[0], found.end_logits[0]], -1)
        assert (ours - expected).abs().max() < 1e-4
        assert expected.abs().max() > 1e-3
    assert again.answer(questions, contexts, top=3) == model.answer(questions, contexts, top=3)


def test_segments_matter_where_a_model_has_them() -> None:
    model = small().open()
    (several,) = model.cutter_.windows(["the bank?"], ["the river"])
    assert set(several[0].segments.tolist()) == {0, 1}
    other = Window(0, several[0].ids, several[0].segments * 0, several[0].starts, several[0].ends)
    found = token_scores(model.transformer_, [several[0], other], "fp32")
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_it_learns_where_the_answer_stands() -> None:
    train, dev, test = (facts(count, seed) for seed, count in enumerate((320, 60, 60)))
    model = small(epochs=4, rate=3e-3).fit(*train, dev=dev)
    assert model.scores_ is not None
    assert model.threshold_ is not None
    found = [one[0] for one in model.answer(*test[:2])]
    wanted = [text[slice(*spans[0])] if spans else "" for text, spans in zip(*test[1:], strict=True)]
    right = [one.text == other for one, other in zip(found, wanted, strict=True)]
    assert np.mean(right) > 0.8
    assert np.mean(right[::4]) > 0.8  # those without an answer
    assert all(text[one.start : one.end] == one.text for one, text in zip(found, test[1], strict=True))
    again = small(epochs=4, rate=3e-3).fit(*train, dev=dev)
    assert [one[0].text for one in again.answer(*test[:2])] == [one.text for one in found]


def test_lora_learns_and_is_merged(tmp_path: Path) -> None:
    questions, contexts, answers = facts(64, seed=0)
    before = small().open().transformer_.state_dict()
    model = small(lora=4, rate=1e-2).fit(questions, contexts, answers)
    after = model.transformer_.state_dict()
    assert before.keys() == after.keys()
    assert not torch.equal(
        after["encoder.blocks.0.attention.query.weight"], before["encoder.blocks.0.attention.query.weight"]
    )
    assert torch.equal(after["encoder.input.token.weight"], before["encoder.input.token.weight"])
    model.save(tmp_path / "m")
    assert Answerer.load(tmp_path / "m").answer(questions, contexts) == model.answer(questions, contexts)


def test_the_threshold_says_whether_there_is_always_an_answer() -> None:
    questions, contexts, answers = facts(20, seed=0)
    some = [row for row, spans in enumerate(answers) if spans]
    part = [[values[row] for row in some] for values in (questions, contexts, answers)]
    assert small().fit(*part).threshold_ is None
    assert all(one[0].text for one in small().fit(*part).answer(*part[:2]))
    assert small().fit(questions, contexts, answers).threshold_ == 0
    assert small().fit(questions, contexts, answers, dev=tuple(part)).threshold_ == 0
    assert small().fit(*part, dev=(questions, contexts, answers)).threshold_ is not None


def test_scikit_learn_s_manners() -> None:
    model = small(rate=0.5)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(rows=3).rows == 3
    with pytest.raises(NotFittedError):
        model.answer(["a"], ["b"])
    with pytest.raises(NotFittedError):
        model.save("nowhere")


@pytest.fixture(scope="module")
def fitted() -> Answerer:
    return small().fit(*facts(20, seed=0))


def test_contexts_without_words_and_long_ones(fitted: Answerer) -> None:
    assert [one[0].text for one in fitted.answer(["copper", "copper"], ["", " \n"])] == ["", ""]
    assert fitted.answer([], []) == []
    long = ", ".join(f"{thing} {place}" for thing in KEYS for place in PLACES)
    (answers,) = fitted.answer(["copper"], [long], top=50)
    assert len({(one.start, one.end) for one in answers}) == len(answers) == 21
    assert sum(one.probability for one in answers) == pytest.approx(1)
    assert [one.score for one in answers] == sorted((one.score for one in answers), reverse=True)


def test_an_answer_in_no_window_is_counted() -> None:
    questions, contexts, answers = facts(20, seed=0)
    contexts[0] = "word " * 100
    answers[0] = [(0, 499)]
    assert small().fit(questions, contexts, answers).lost_ == 1


def test_bad_input(fitted: Answerer) -> None:
    with pytest.raises(DataError, match=r"question 2 has \d+ tokens; at most 29"):
        fitted.answer(["copper", "日本" * 30], ["a", "b"])
    with pytest.raises(DataError, match="question 1 is empty"):
        fitted.answer([" "], ["b"])
    with pytest.raises(DataError, match="one string"):
        fitted.answer("a", ["b"])
    with pytest.raises(DataError, match="1 questions and 2 contexts"):
        fitted.answer(["a"], ["b", "c"])
    with pytest.raises(ConfigError, match="top"):
        fitted.answer(["a"], ["b"], top=0)
    with pytest.raises(DataError, match="0 lists of answers"):
        small().fit(["a"], ["b"], [])
    for span in ((0, 9), (2, 1), (-1, 1), (1, 2)):
        with pytest.raises(DataError, match="of question 1 is no part of its context"):
            small().fit(["a"], ["b c"], [[span]])
    with pytest.raises(ConfigError, match="stride is 40, window 64"):
        small(stride=40).open()
    with pytest.raises(ConfigError, match="Raise the stride"):
        small(max_answer_tokens=20).open()
    with pytest.raises(ConfigError, match="epochs"):
        small(epochs=0).open()
    with pytest.raises(ConfigError, match="lora"):
        small(lora=-1).open()
    with pytest.raises(DataError, match="nothing to train on"):
        small().fit([], [], [])
    with pytest.raises(CheckpointError, match="ForQuestionAnswering"):
        Answerer(str(folder("gpt2"))).open()
    with pytest.raises(CheckpointError, match="holds a BertModel"):
        Answerer.load(tiny("Bert"))


def test_damaged_artefacts_are_refused(fitted: Answerer, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m")
    card = json.loads((tmp_path / "m" / "heedful.json").read_text())
    for key, value, fact in (
        ("state", {"threshold": "high"}, "threshold is 'high'"),
        ("params", {"colour": 1}, "unknown settings"),
        ("method", "classify", "expected 'answer'"),
    ):
        text = json.dumps({**card, key: value})
        (tmp_path / "m" / "heedful.json").write_text(text)
        manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
        manifest["files"]["heedful.json"] = len(text.encode())
        (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(CheckpointError, match=fact):
            Answerer.load(tmp_path / "m")


def rows(path: Path, asked: tuple[list[str], list[str], list[list[tuple[int, int]]]]) -> str:
    lines = [
        {
            "question": q,
            "context": c,
            "answers": {"text": [c[a:b] for a, b in s], "answer_start": [a for a, _ in s]},
        }
        for q, c, s in zip(*asked, strict=True)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


SMALL: dict[str, Any] = {"epochs": 1, "window": 64, "stride": 16, "max_answer_tokens": 8}


def test_fit_answer(tmp_path: Path) -> None:
    questions, contexts, answers = facts(60, seed=0)
    train = rows(
        tmp_path / "a.jsonl", ([*questions, "日本" * 30, "x"], [*contexts, "a b", ""], [*answers, [], []])
    )
    other = facts(30, seed=1)
    dev = rows(
        tmp_path / "b.jsonl", ([*other[0], questions[1]], [*other[1], contexts[1]], [*other[2], answers[1]])
    )
    told = fit_answer(train, dev, str(tiny("Bert")), tmp_path / "out", **SMALL)
    json.dumps(told, allow_nan=False)
    assert told["rows"] == 60
    assert told["dropped"] == {"empty context": 1, "question of more than 29 tokens": 1}
    assert told["dev_dropped"]["question in train"] >= 1
    assert told["dev_rows"] + told["dev_dropped"]["question in train"] == 31
    assert told["stopped"] is None
    assert (
        0 <= told["scores"]["f1"]["low"] <= told["scores"]["f1"]["value"] <= told["scores"]["f1"]["high"] <= 1
    )
    assert set(told["baselines"]) == {"overlap", "no_answer"}
    assert told["baselines"]["no_answer"]["with_answer"]["f1"] == 0
    model = Answerer.load(tmp_path / "out" / "model")
    assert model.threshold_ == told["threshold"]
    card = json.loads((tmp_path / "out" / "model" / "heedful.json").read_text())
    assert card["about"] == told
    assert card["task"] == "answer"
    again = fit_answer(train, dev, str(tiny("Bert")), tmp_path / "out", **SMALL)
    assert again["scores"] == told["scores"]  # the run was at its end: nothing is trained again
    with pytest.raises(CheckpointError, match="holds another run: epochs was 1, now 2"):
        fit_answer(train, dev, str(tiny("Bert")), tmp_path / "out", **{**SMALL, "epochs": 2})


@pytest.mark.slow
def test_fit_answer_holds_contexts_out_itself_and_keeps_its_time(tmp_path: Path) -> None:
    train = rows(tmp_path / "a.jsonl", facts(200, seed=0))
    told = fit_answer(
        train, None, str(tiny("Bert")), tmp_path / "out", minutes=1e-3, **{**SMALL, "epochs": 500}
    )
    assert told["rows"] + told["dev_rows"] == 200
    assert told["dev_rows"] >= 5
    assert "time ran out" in told["stopped"]


def test_real_minilm_under_a_fresh_head(minilm: Path, shared_data: Callable[[str], Path]) -> None:
    import gzip

    model = Answerer(str(minilm), precision="fp32", window=64, stride=20, max_answer_tokens=20).open()
    with gzip.open(shared_data("retrieval/corpus.jsonl.gz"), "rt", encoding="utf-8") as lines:
        texts = [json.loads(next(lines))["text"] for _ in range(40)]
    for several, text in zip(model.cutter_.windows(["what is it?"] * 40, texts), texts, strict=True):
        begins, closes = word_edges(text)
        assert {int(x) for one in several for x in one.starts if x != NONE} == set(begins.tolist())
        assert {int(x) for one in several for x in one.ends if x != NONE} == set(closes.tolist())


def test_threshold_and_scores_are_those_of_the_best_weights() -> None:
    train, dev = facts(40, seed=0), facts(40, seed=1)
    model = small(epochs=3, rate=3e-3).fit(*train, dev=dev)
    assert model.scores_ is not None
    best = model.progress_.scores[model.progress_.best]
    assert best == max(model.progress_.scores)
    assert best == (model.scores_.f1.mean(), model.scores_.exact.mean())
    told = (model.threshold_, model.scores_.f1.tolist())
    model._choose(model._held(*dev))
    assert model.scores_.f1.tolist() == told[1]
    assert model.threshold_ == pytest.approx(told[0], abs=1e-4)
