"""Summaries in the model's own words: the beginning of a document in, a short text out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from heedful.generate import Settings
from heedful.tasks.rewrite import Rewriter, check_texts, one_line, unfinished
from heedful.text.tokenizer import legal, told

LONGEST = 128  # tokens of a summary, unless more are asked for


@dataclass(frozen=True)
class Summary:
    """A summary, how many tokens at the document's end were not read, and whether it stops in the middle."""

    text: str
    unread: int = 0
    unfinished: bool = False


class Summarizer(Rewriter):
    """An encoder-decoder that summarises: of `heedful fit summarize`, or a BART or T5 model."""

    verb = "summarize"

    def summarize(
        self, texts: Sequence[str], *, beams: int = 4, length_penalty: float = 1.0, no_repeat: int = 3,
        max_tokens: int = LONGEST, progress: Callable[[int], None] | None = None,
    ) -> list[Summary]:  # fmt: skip
        """Return a summary for each text, in order; an empty text has an empty one.

        A `length_penalty` above 1 favours long ones; no `no_repeat` tokens in a row are said twice. Of a long
        document the beginning is read, as far as the model reads at once.
        """
        check_texts(texts, "summarize")
        how = Settings(
            beams=beams, length_penalty=length_penalty, no_repeat=no_repeat,
            max_tokens=min(max_tokens, self.max_tokens),
        )  # fmt: skip
        read = [self.beginning(one_line(text).strip()) for text in texts]
        full = [place for place, (text, _) in enumerate(read) if text]
        sources = self.writer.tokenizer.encode([self.prefix + read[place][0] for place in full]).ids
        found = dict(zip(full, self.answers(sources, how, progress), strict=True))
        return [
            Summary(one_line(found[place][0].text).strip(), unread, unfinished(found[place][0]))
            if place in found
            else Summary("")
            for place, (_, unread) in enumerate(read)
        ]

    def beginning(self, text: str) -> tuple[str, int]:
        """Return as much of a text as is read at once, and how many tokens are not."""
        room, text = self.room(), legal(text)
        with told("a text cannot be cut into tokens"):
            tokens = self.writer.tokenizer.engine.encode(text, add_special_tokens=False)
        if len(tokens.ids) <= room:
            return text, 0
        return text[: tokens.offsets[room][0]].rstrip(), len(tokens.ids) - room
