"""Each filter against the reference's processor on random scores, and their order."""

from typing import Any

import pytest
import torch
from generate.small import PROMPTS, VOCAB, small
from torch import Tensor

from heedful.generate import Habits, Settings
from heedful.generate.answers import Row
from heedful.generate.filters import min_p, penalised, shaped, top_k, top_p

SEEDS = range(20)


def random_scores(seed: int, rows: int = 5) -> Tensor:
    torch.manual_seed(seed)
    return 3 * torch.randn(rows, VOCAB)


def row(ids: list[int], given: int = 1, limit: int = 20) -> Row:
    return Row(0, 0, ids, given, limit)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_filter_is_the_references(seed: int) -> None:
    from transformers.generation import logits_process as theirs

    scores = random_scores(seed)
    for k in (1, 4, 100):
        assert torch.equal(top_k(scores, k), theirs.TopKLogitsWarper(k)(None, scores))
    for p in (0.0, 0.3, 0.9, 0.999):
        assert torch.equal(top_p(scores, p), theirs.TopPLogitsWarper(p)(None, scores))
        assert torch.equal(min_p(scores, p), theirs.MinPLogitsWarper(p)(None, scores))
    said = torch.randint(0, VOCAB, (5, 9))
    for penalty in (0.8, 1.0, 1.9):
        wanted = theirs.RepetitionPenaltyLogitsProcessor(penalty)(said, scores)
        assert torch.equal(penalised(scores, said.tolist(), penalty), wanted)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_repeat_is_the_references(seed: int, n: int) -> None:
    from transformers.generation.logits_process import NoRepeatNGramLogitsProcessor

    scores, said = random_scores(seed), torch.randint(0, 4, (5, 9))
    rows = [row(ids) for ids in said.tolist()]
    found = shaped(scores, rows, Settings(no_repeat=n), Habits())
    assert torch.equal(found, NoRepeatNGramLogitsProcessor(n)(said, scores))
    if n < 3:
        assert found.isinf().any()


def processors(model: Any, length: int, **asked: Any) -> Any:
    """Return the reference's own list of processors, in its own order."""
    config = model.generation_config.__class__(**asked)
    model._prepare_special_tokens(config, True, device="cpu")
    return model._get_logits_processor(config, input_ids_seq_length=length, device="cpu")


@pytest.mark.parametrize(
    ("given", "said"), [(1, 1), (1, 2), (1, 3), (1, 6), (1, 8), (1, 9), (2, 2), (2, 3), (2, 9)]
)
def test_all_together_come_in_the_references_order(given: int, said: int) -> None:
    model = small("gpt2").theirs
    asked = {
        "eos_token_id": [3, 7], "pad_token_id": 0, "suppress_tokens": [9, 11], "forced_bos_token_id": 20,
        "bad_words_ids": [[12], [1, 13], [2, 1, 14], [3]], "forced_eos_token_id": [3, 7],
        "begin_suppress_tokens": [20, 21, 30],
    }  # fmt: skip
    config = {**asked, "repetition_penalty": 1.4, "no_repeat_ngram_size": 2, "min_new_tokens": 4,
              "do_sample": True, "temperature": 0.7, "top_k": 12, "top_p": 0.93,
              "min_p": 0.02, "max_length": 10}  # fmt: skip
    habits = Habits.read(asked, VOCAB)
    settings = Settings(
        repetition_penalty=1.4, no_repeat=2, min_tokens=4, temperature=0.7, top_k=12, top_p=0.93, min_p=0.02
    )
    reached = 0
    for seed in SEEDS:
        scores = random_scores(seed)
        ids = torch.randint(1, 4, (5, said))
        wanted = processors(model, given, **config)(ids, scores)
        rows = [row(line, given, 10 - given) for line in ids.tolist()]
        assert torch.allclose(shaped(scores, rows, settings, habits), wanted, atol=1e-6)
        reached += int(wanted.isinf().sum())
    assert reached


def test_rows_of_one_batch_do_not_share_their_past() -> None:
    scores = random_scores(1)
    rows = [row([*prompt]) for prompt in PROMPTS]
    settings = Settings(repetition_penalty=2.0, no_repeat=1)
    together = shaped(scores, rows, settings, Habits(last=(4,)))
    for place, one in enumerate(rows):
        alone = shaped(scores[place : place + 1], [one], settings, Habits(last=(4,)))
        assert torch.equal(alone[0], together[place])
        assert together[place].isinf().nonzero().flatten().tolist() == sorted(set(one.ids))
