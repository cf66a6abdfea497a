"""`read_prompts`: prompts and the answers wanted, from two columns of a table or from conversations."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heedful.data.columns import as_text, listing, named
from heedful.data.contexts import context_groups
from heedful.data.files import LIMIT
from heedful.data.rows import Rows
from heedful.data.shingles import first_of
from heedful.data.table import fingerprint, open_rows
from heedful.errors import DataError
from heedful.text.chat import Message

PROMPTS = ("prompt", "question", "instruction", "input", "query", "document", "article", "source", "text")
ANSWERS = ("answer", "completion", "response", "output", "summary", "target")  # the surest names first
TOGETHER = ("instruction", "input")  # columns that make one prompt: what to do, and with what
MESSAGES = "messages"
SEED, SHARE, MOST = 0, 0.1, 1000  # the division, and which share of the rows, and how many, are held out
DOUBLE = "the same prompt and answer as an earlier row"

Prompt = str | list[Message]  # a text, or what was said before the answer
Pair = tuple[Prompt, str]


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """N prompts and their answers; `columns`, `rows`, `skipped`, `notes`, `fingerprint` are as in a Table.

    A conversation gives a pair for each message of the assistant.
    """

    prompts: list[Prompt]
    answers: list[str]
    rows: list[int]
    source: str
    columns: list[str]
    skipped: dict[str, int]
    notes: list[str]
    fingerprint: str

    def taken(self, places: Sequence[int]) -> "Prompts":
        """Return the pairs at these places."""
        prompts, answers = [self.prompts[i] for i in places], [self.answers[i] for i in places]
        rows, told = [self.rows[i] for i in places], printed(prompts, answers)
        return replace(self, prompts=prompts, answers=answers, rows=rows, fingerprint=told)


def read_prompts(
    source: Any, text: str | None = None, label: str | None = None, limit: int = LIMIT
) -> Prompts:
    """Read prompts and answers; `text` and `label` name their columns, which are told by usual names else.

    A column `messages` holds conversations, lists of {"role", "content"}. A pair that was there before is
    skipped.
    """
    name, rows = open_rows(source, [one for one in (text, label) if one], limit, labels=False)
    columns = chosen(rows.columns, name, text, label)
    skipped: Counter[str] = Counter()
    found: dict[str, tuple[int, Pair]] = {}
    first_bad = ""
    for number, made in pairs(rows, columns):
        if isinstance(made, str) or (key := json.dumps(made)) in found:
            reason = made if isinstance(made, str) else DOUBLE
            first_bad = first_bad or f"the first, row {number}: {reason}"
            skipped[reason] += 1
        else:
            found[key] = number, made
    if not found:
        why = f"all {skipped.total()} rows are bad ({first_bad})" if skipped else "there are no rows"
        raise DataError(f"{name}: {why}; expected a prompt and an answer in {listing(columns)}.")
    prompts, answers = [pair[0] for _, pair in found.values()], [pair[1] for _, pair in found.values()]
    skips = [f"{skipped.total():,} rows skipped ({first_bad})."] if skipped else []
    return Prompts(
        prompts=prompts, answers=answers, rows=[number for number, _ in found.values()], source=name,
        columns=columns, skipped=dict(skipped), notes=[*rows.notes, told(columns), *skips],
        fingerprint=printed(prompts, answers),
    )  # fmt: skip


def chosen(columns: Sequence[str], name: str, text: str | None, label: str | None) -> list[str]:
    """Return the column of conversations, or those of the prompt (one or two) and of the answer."""
    usual = {column.strip().casefold(): column for column in reversed(columns)}
    if text is None and label is None and MESSAGES in usual:
        return [usual[MESSAGES]]
    answer = None if label is None else named(columns, label, "the answer", name)
    free = {key: column for key, column in usual.items() if column != answer}
    if text is not None:
        prompt = [named(columns, text, "the prompt", name)]
    elif not any(key in free for key in PROMPTS[:2]) and all(key in free for key in TOGETHER):
        prompt = [free[key] for key in TOGETHER]
    else:
        prompt = [called(free, PROMPTS, columns, name, "prompts", "--text")]
    free = {key: column for key, column in free.items() if column not in prompt}
    answer = answer or called(free, ANSWERS, columns, name, "answers", "--label")
    if answer in prompt:
        raise DataError(f"{name}: {answer!r} is named for both prompt and answer; expected two columns.")
    return [*prompt, answer]


def called(
    free: dict[str, str], usual: Sequence[str], columns: Sequence[str], name: str, what: str, flag: str
) -> str:
    """Return the column with the surest of the usual names."""
    for key in usual:
        if key in free:
            return free[key]
    raise DataError(
        f"{name} has no column of {what} by a usual name ({', '.join(usual)}); it has {listing(columns)}. "
        f"Name one with {flag}."
    )


def told(columns: Sequence[str]) -> str:
    """Say which columns are read as what."""
    if len(columns) == 1:
        return f"Column {columns[0]!r} holds conversations: each message of the assistant is an answer."
    prompt = " and ".join(map(repr, columns[:-1]))
    return f"The prompt is column {prompt}, the answer is column {columns[-1]!r}."


def pairs(rows: Rows, columns: Sequence[str]) -> Iterator[tuple[int, Pair | str]]:
    """Yield the pairs of each row with its number, or why there is none."""
    for number, values in rows.read(columns):
        if isinstance(values, str):
            yield number, values
        elif len(columns) == 1:
            made = said(values[0])
            yield from ((number, one) for one in ([made] if isinstance(made, str) else made))
        else:
            yield number, pair(values)


def pair(values: tuple[Any, ...]) -> Pair | str:
    """Return the prompt and the answer of a flat row, or why it has none."""
    *asks, answer = map(as_text, values)
    if answer is None or any(ask is None for ask in asks):
        return "nested answer" if answer is None else "nested prompt"
    prompt = "\n\n".join(ask for ask in asks if ask and ask.strip())
    if not prompt or not answer.strip():
        return "empty answer" if prompt else "empty prompt"
    return prompt, answer


def said(messages: Any) -> list[Pair] | str:
    """Return a pair for each message of the assistant with what stands before it, or why there is none."""
    if not isinstance(messages, list):
        return "no list of messages"
    before: list[Message] = []
    found: list[Pair] = []
    for message in messages:
        role, content = (
            (message.get(key) for key in ("role", "content")) if isinstance(message, dict) else (0, 0)
        )
        if not isinstance(role, str) or not isinstance(content, str):
            return "a message without a role or text"
        text = as_text(content) or ""
        if role == "assistant" and before and text.strip():
            found.append((list(before), text))
        before.append({"role": role, "content": text})
    return found or "no answer of the assistant"


def plain(prompt: Prompt) -> str:
    """Return a prompt as one text, spaces folded."""
    texts = [prompt] if isinstance(prompt, str) else [f"{one['role']}: {one['content']}" for one in prompt]
    return " ".join(" ".join(texts).split())


def hold_out(table: Prompts) -> tuple[Prompts, Prompts]:
    """Return a part to learn from and about a tenth held out; equal prompts stay on one side."""
    first = first_of([plain(prompt) for prompt in table.prompts])
    names = np.unique(first)
    if len(names) < 2:
        raise DataError(
            f"{table.source} has one prompt only; none can be held out. Add others, or name a --dev table."
        )
    count = int(np.clip(SHARE * len(names), 1, MOST))
    held = np.isin(first, np.random.default_rng(SEED).permutation(names)[:count])
    return table.taken(np.flatnonzero(~held).tolist()), table.taken(np.flatnonzero(held).tolist())


def unseen(train: Prompts, dev: Prompts) -> tuple[Prompts, int]:
    """Return `dev` without the prompts that stand in train, spaces aside, and how many those were."""
    known = set(map(plain, train.prompts))
    kept = [place for place, prompt in enumerate(dev.prompts) if plain(prompt) not in known]
    if not kept:
        raise DataError(
            f"{dev.source}: all {len(dev.prompts)} prompts stand in {train.source}. Name another table."
        )
    return dev.taken(kept), len(dev.prompts) - len(kept)


def resembling(train: Prompts, dev: Prompts) -> int:
    """Count the prompts of dev that nearly equal one of train."""
    groups = context_groups([plain(prompt) for prompt in (*train.prompts, *dev.prompts)])
    return int(np.isin(groups[len(train.prompts) :], groups[: len(train.prompts)]).sum())


def printed(prompts: Sequence[Prompt], answers: Sequence[str]) -> str:
    """Return the SHA-256 of prompts and answers, in order."""
    return fingerprint([json.dumps(prompt) for prompt in prompts], answers)
