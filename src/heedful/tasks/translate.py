"""Translation: a text in, a text out, whatever its length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heedful.generate import Settings
from heedful.tasks.rewrite import Rewriter, check_texts, one_line, unfinished
from heedful.tasks.write import Answer
from heedful.text.parts import parts

MARGIN = 6  # tokens that a part may have more once it stands alone


@dataclass(frozen=True)
class Translation:
    """What became of a text: the best translation, and all that were asked for with their scores.

    A long text is translated in `parts`; `unfinished` counts those whose translation was still going on when
    it had to end. The score of several parts is their sum.
    """

    text: str
    answers: tuple[tuple[str, float | None], ...] = ()
    parts: int = 1
    unfinished: int = 0


class Translator(Rewriter):
    """An encoder-decoder that translates: of `heedful fit translate`, or a Marian, BART or T5 model."""

    verb = "translate"

    def translate(
        self, texts: Sequence[str], *, beams: int = 5, answers: int = 1, length_penalty: float = 1.0,
        progress: Callable[[int], None] | None = None,
    ) -> list[Translation]:  # fmt: skip
        """Return a translation for each text, in order; an empty text has an empty one.

        `answers` of them are kept, the best first. `progress` hears how many parts are done.
        """
        check_texts(texts, "translate")
        how = Settings(
            beams=beams, answers=answers, length_penalty=length_penalty, max_tokens=self.max_tokens
        )
        tokenizer, room = self.writer.tokenizer, self.room() - MARGIN
        cut = [parts(one_line(text), tokenizer, room) for text in texts]
        sources = tokenizer.encode([self.prefix + part for one in cut for part in one]).ids
        found = iter(self.answers(sources, how, progress))
        return [joined([next(found) for _ in one], answers) for one in cut]


def joined(found: Sequence[Sequence[Answer]], answers: int) -> Translation:
    """Return the translation of a text out of those of its parts."""
    columns = []
    for place in range(answers if found else 0):
        row = [one[min(place, len(one) - 1)] for one in found if one]
        text = " ".join(filter(None, (one_line(one.text).strip() for one in row)))
        scores = [one.score for one in row if one.score is not None]
        columns.append((text, sum(scores) if len(scores) == len(row) else None))
    ended = sum(unfinished(one[0]) for one in found if one)
    return Translation(columns[0][0] if columns else "", tuple(columns), len(found), ended)
