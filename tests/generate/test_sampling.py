"""Greedy and sampled writing: the laws of caches and batches, and chance that has the right distribution."""

from dataclasses import replace

import pytest
import torch
from generate.small import DECODERS, PAIRS, PROMPTS, VOCAB, one, small

from heedful.core.attention import watched
from heedful.errors import ConfigError, DataError
from heedful.generate import Habits, Settings, generate, steps
from heedful.generate.filters import warped

EVERY = (*DECODERS, *PAIRS)
STRATEGIES = {
    "greedy": Settings(max_tokens=9),
    "penalty": Settings(max_tokens=9, repetition_penalty=1.7, no_repeat=2, min_tokens=4),
    "temperature": Settings(max_tokens=9, temperature=0.8, answers=3, seed=4),
    "top_k": Settings(max_tokens=9, temperature=1.3, top_k=6, seed=9),
    "top_p": Settings(max_tokens=9, top_p=0.8, answers=2),
    "min_p": Settings(max_tokens=9, min_p=0.05, repetition_penalty=1.2),
    "beams": Settings(max_tokens=9, beams=3, answers=2, length_penalty=0.8),
}


@pytest.mark.parametrize("name", EVERY)
def test_greedy_takes_the_best_of_an_uncached_pass_at_each_step(name: str) -> None:
    model = small(name)
    prompts, memory = model.given(PROMPTS)
    found = generate(model.ours, prompts, Settings(max_tokens=10, alternatives=3), memory=memory)
    for row, (answer,) in enumerate(found):
        assert len(answer.tokens) == 10
        for place, id in enumerate(answer.tokens):
            own = model.scores(prompts[row] + answer.tokens[:place], one(memory, row)).log_softmax(-1)
            assert own.argmax().item() == id
            assert answer.logprobs[place] == pytest.approx(own[id].item(), abs=1e-4)
            best = own.topk(3)
            assert [token for token, _ in answer.top[place]] == best.indices.tolist()
            assert [p for _, p in answer.top[place]] == pytest.approx(best.values.tolist(), abs=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_greedy_writes_what_the_reference_writes(name: str) -> None:
    model = small(name)
    for source in PROMPTS:
        prompts, memory = model.given([source])
        ((answer,),) = generate(model.ours, prompts, Settings(max_tokens=12), model.habits, memory)
        with torch.inference_mode():
            given = torch.tensor([source])
            if name == "whisper":
                torch.manual_seed(3)
                given = torch.randn(40, 8, 20)[source[:1]]
            theirs = model.theirs.generate(given, max_new_tokens=12, do_sample=False)[0].tolist()
        wanted = theirs[-len(answer.tokens) :] if name == "whisper" else theirs[len(prompts[0]) :]
        assert answer.tokens == wanted


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", ["gpt2", "mistral", "t5", "marian"])
def test_a_batch_writes_what_its_rows_write_alone(name: str, strategy: str) -> None:
    model, settings = small(name), STRATEGIES[strategy]
    prompts, memory = model.given(PROMPTS)
    free = generate(model.ours, prompts, settings, memory=memory)
    lines = [answer.tokens for answers in free for answer in answers]
    wanted = [id for id in range(VOCAB) if len({line.index(id) if id in line else 9 for line in lines}) > 2]
    habits = Habits(ends=tuple(wanted[:1]))  # answers of different lengths, where the model allows it
    together = generate(model.ours, prompts, settings, habits, memory)
    lengths = {len(answer.tokens) for answers in together for answer in answers}
    assert len(lengths) > 1 or not wanted or settings.beams > 1
    for row, prompt in enumerate(prompts):
        (alone,) = generate(model.ours, [prompt], settings, habits, one(memory, row), numbers=[row])
        assert [answer.tokens for answer in alone] == [answer.tokens for answer in together[row]]
        assert [answer.finished for answer in alone] == [answer.finished for answer in together[row]]
        for left, right in zip(alone, together[row], strict=True):
            assert left.logprobs == pytest.approx(right.logprobs, abs=1e-4)


def test_an_answer_depends_on_its_seed_and_number_alone() -> None:
    model = small("gpt2")
    settings = Settings(max_tokens=8, temperature=1.0, answers=4, seed=1)
    (first,), (again,) = (generate(model.ours, [[5, 6]], settings) for _ in range(2))
    assert [a.tokens for a in first] == [a.tokens for a in again]
    assert len({tuple(a.tokens) for a in first}) == 4
    (fewer,) = generate(model.ours, [[5, 6]], replace(settings, answers=2))
    assert [a.tokens for a in fewer] == [a.tokens for a in first[:2]]
    (other,) = generate(model.ours, [[5, 6]], replace(settings, seed=2))
    assert [a.tokens for a in other] != [a.tokens for a in first]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(max_tokens=1, temperature=1.0),
        Settings(max_tokens=1, temperature=0.6, top_k=7),
        Settings(max_tokens=1, top_p=0.7),
        Settings(max_tokens=1, temperature=1.5, min_p=0.1),
    ],
)
def test_samples_have_the_exact_distribution(settings: Settings) -> None:
    from scipy.stats import chisquare

    model, draws = small("gpt2"), 4000
    with torch.inference_mode():
        wanted = warped(0.5 * model.scores([5, 9], None)[None].double(), settings).softmax(-1)[0]
    head = model.ours.head
    handle = head.register_forward_hook(lambda *call: 0.5 * call[2])  # flatter: more tokens matter
    try:
        (answers,) = generate(model.ours, [[5, 9]], replace(settings, answers=draws))
    finally:
        handle.remove()
    counts = torch.bincount(torch.tensor([a.tokens[0] for a in answers]), minlength=VOCAB)
    assert counts[wanted == 0].sum() == 0
    common = wanted * draws >= 5
    seen = [*counts[common].tolist(), counts[~common].sum().item()]
    hoped = [*(wanted[common] * draws).tolist(), (wanted[~common] * draws).sum().item()]
    if hoped[-1] == 0:
        seen, hoped = seen[:-1], hoped[:-1]
    assert len(hoped) > 3
    assert chisquare(seen, hoped).pvalue > 0.001


def test_an_answer_ends_where_it_should() -> None:
    model = small("gpt2")
    ((free,),) = generate(model.ours, [[5, 9]], Settings(max_tokens=12))
    assert (free.finished, len(free.tokens)) == ("max_tokens", 12)
    cut = free.tokens.index(free.tokens[4]) + 1
    ((ended,),) = generate(model.ours, [[5, 9]], Settings(max_tokens=12), Habits(ends=(1, free.tokens[4])))
    assert (ended.finished, ended.tokens) == ("end", free.tokens[:cut])
    ((stopped,),) = generate(model.ours, [[5, 9]], Settings(max_tokens=12, stop=(free.tokens[4],)))
    assert (stopped.finished, stopped.tokens) == ("stop", free.tokens[:cut])
    ((told,),) = generate(model.ours, [[5, 9]], Settings(max_tokens=12), until=lambda *now: len(now[1]) == 3)
    assert (told.finished, told.tokens) == ("stop", free.tokens[:3])
    ((full,),) = generate(model.ours, [[5, 9]], Settings(max_tokens=100))
    assert (full.finished, len(full.tokens)) == ("positions", 22)


def test_steps_come_one_by_one_and_finished_rows_leave() -> None:
    model = small("llama")
    settings = Settings(max_tokens=7)
    whole = generate(model.ours, PROMPTS, settings, Habits(ends=(2, 14, 22, 27, 33)))
    sizes, streamed = [], {row: [] for row in range(len(PROMPTS))}
    for tokens in steps(model.ours, PROMPTS, settings, Habits(ends=(2, 14, 22, 27, 33))):
        sizes.append(len(tokens))
        for token in tokens:
            streamed[token.prompt].append(token.id)
    assert [streamed[row] for row in range(len(PROMPTS))] == [answers[0].tokens for answers in whole]
    assert sizes == [sum(len(ids) > step for ids in streamed.values()) for step in range(len(sizes))]


def test_cross_keys_are_computed_once_and_the_head_sees_last_tokens_only() -> None:
    model = small("bart")
    decoder, rows = model.ours.decoder, []
    calls = []
    cross = decoder.blocks[0].cross.key.register_forward_hook(lambda *_: calls.append(1))
    head = model.ours.head.register_forward_hook(lambda *call: rows.append(len(call[1][0])))
    prompts, memory = model.given(PROMPTS)
    try:
        with watched() as seen:
            generate(model.ours, prompts, Settings(max_tokens=6), memory=memory)
            calls.append(0)
            generate(small("gpt2").ours, PROMPTS, Settings(max_tokens=2))
    finally:
        cross.remove()
        head.remove()
    assert calls == [1, 0]
    assert rows == [len(PROMPTS)] * 6
    assert seen


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"top_k": 0}, "top_k"),
        ({"min_p": -0.1}, "min_p"),
        ({"beams": 2, "temperature": 0.5}, "beams"),
        ({"answers": 2}, "answers"),
        ({"answers": 3, "beams": 2}, "answers"),
        ({"repetition_penalty": 0.0}, "repetition_penalty"),
        ({"early_stopping": "always"}, "early_stopping"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_settings_without_sense_are_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Settings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "theirs",
    [
        {"eos_token_id": "2"},
        {"eos_token_id": [1, None]},
        {"bad_words_ids": 3},
        {"bad_words_ids": [["x"]]},
        {"decoder_start_token_id": 40},
        {"forced_eos_token_id": -1},
        {"suppress_tokens": {"a": 1}},
        {"begin_suppress_tokens": True},
    ],
)
def test_habits_without_sense_are_refused(theirs: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Habits.read(theirs, VOCAB)


def test_prompts_that_cannot_be_continued_are_refused() -> None:
    model = small("gpt2")
    with pytest.raises(DataError, match="prompt 2 has 24 tokens; this model has 24 positions"):
        generate(model.ours, [[5], [5] * 24], Settings(max_tokens=2))
    with pytest.raises(DataError, match="prompt 1 has no tokens"):
        generate(model.ours, [[]], Settings())
    with pytest.raises(DataError, match="forbid every token"):
        generate(model.ours, [[5]], Settings(), Habits(never=tuple(range(VOCAB))))
    with pytest.raises(DataError, match="MB of memory"):
        prompts, memory = small("t5").given([[5]])
        generate(small("t5").ours, prompts, Settings(max_tokens=1 << 30), memory=memory)
    with pytest.raises(DataError, match="no decoder"):
        generate(small("bert").ours, [[5]], Settings())
    assert generate(model.ours, [], Settings()) == []
