"""A text into another: what translating and summarising with an encoder and a decoder share."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from heedful.artefact import is_artefact, read_card, within
from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.generate import Settings
from heedful.tasks.translators import SIZES, recurrent_writer
from heedful.tasks.write import Answer, Writer
from heedful.train.cores import cores, side_by_side

READS = 512  # tokens that are read at once, where the model sets no limit
LEAST = 16
RATIO, SLACK = 2, 16  # a source of T tokens has at most RATIO T + SLACK of an answer
BATCH = 1024  # tokens of the sources that are answered together
VERBS = ("translate", "summarize")
LINE_ENDS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


class Rewriter:
    """An encoder-decoder: trained by `heedful fit`, or a Marian, BART or T5 model.

    At most `max_tokens` tokens are read at once, and as many written. `prefix` stands before every text (T5
    is told its task so). `verb` is what it does, and what the command for it is called.
    """

    verb = ""

    def __init__(self, writer: Writer, max_tokens: int = READS, prefix: str = "") -> None:
        if writer.transformer.encoder is None:
            raise CheckpointError("this model has no encoder. Name an encoder-decoder, or use a Writer.")
        self.writer, self.max_tokens, self.prefix = writer, max_tokens, prefix
        self.card: Mapping[str, Any] = {}

    @classmethod
    def load(cls, source: str | Path, prefix: str = "", precision: str = "fp32") -> Self:
        """Open what `heedful fit` saved, or an encoder-decoder, its maps in "fp32" or the faster "int8"."""
        folder = within(Path(source))
        card = read_card(folder) if is_artefact(folder) else {}
        if (task := card.get("method", cls.verb)) in VERBS and task != cls.verb:
            raise ConfigError(f"{source} was trained to {task}; expected a model to {cls.verb}. "
                              f"Use `heedful {task}`.")  # fmt: skip
        recurrent = (folder / SIZES).is_file()
        if recurrent and precision != "fp32":
            raise ConfigError(
                f"{source} is not a transformer; its precision is fp32, found {precision!r:.100}."
            )
        writer = recurrent_writer(folder) if recurrent else Writer.load(source, precision)
        rewriter = cls(writer, limit(writer, card), prefix or str(card.get("state", {}).get("prefix", "")))
        rewriter.card = card
        return rewriter

    def room(self) -> int:
        """Return how many tokens a text may have besides the prefix and the special ones around it."""
        around = len(self.writer.tokenizer.around)
        room = self.max_tokens - around - (len(self.writer.bare(self.prefix)) if self.prefix else 0)
        if room < LEAST // 2:
            raise DataError(f"the prefix leaves {room} tokens for a text; expected more. Shorten it.")
        return room

    def answers(
        self, sources: Sequence[list[int]], how: Settings, progress: Callable[[int], None] | None = None
    ) -> list[list[Answer]]:
        """Return the answers to each source, on all cores; like lengths go together.

        What fits one batch, of a model whose weights are settled, is answered by all cores together: large
        products, few steps in Python. Of more, each core takes batches of its own.

        An answer of more than twice as many tokens as its source, and some more, is a model gone astray.
        """
        found: list[list[Answer]] = [[] for _ in sources]
        done = 0

        def work(rows: list[int]) -> None:
            nonlocal done
            some = [sources[row] for row in rows]
            most = [RATIO * len(ids) + SLACK for ids in some]
            for answer in self.writer.answers(some, how, batch=len(rows), limits=most):
                found[rows[answer.prompt]].append(answer)
            done += len(rows)
            if progress:
                progress(done)

        lengths = [len(ids) for ids in sources]
        if len(sources) == 1 or (self.writer.settled and 0 < sum(lengths) <= BATCH):
            work(sorted(range(len(sources)), key=lengths.__getitem__))
        elif sources:
            side_by_side(lengths, max(1, min(BATCH, -(-sum(lengths) // cores()))), work)
        return found


def one_line(text: str) -> str:
    """Return a text without line ends."""
    return LINE_ENDS.sub(" ", text)


def check_texts(texts: Sequence[str], verb: str) -> None:
    """Refuse one string where a list is expected."""
    if isinstance(texts, str):
        raise DataError(f"{verb} expects a list of texts; found one string. Wrap it in a list.")


def unfinished(answer: Answer) -> bool:
    """Was the model still writing when it had to end?"""
    return answer.finished in ("max_tokens", "positions")


def limit(writer: Writer, card: Mapping[str, Any]) -> int:
    """Return how many tokens are read at once: as in training where that is known, and as there is place."""
    known = card.get("state", {}).get("max_tokens")
    places = [writer.transformer.places]
    if writer.form is not None and writer.transformer.config.encoder is not None:
        places.append(writer.transformer.config.encoder.input.positions)
    limits = [known if isinstance(known, int) else READS, *filter(None, places)]
    return max(min(limits), LEAST)
