"""An answer piece by piece, as it is written."""

from collections.abc import Iterator, Sequence

from heedful.generate import Answer as Ids
from heedful.generate import Settings, generate, steps
from heedful.tasks.write import Answer, Writer, answer


class Stream:
    """Pieces of one answer, and at any time the `answer` so far."""

    def __init__(self, writer: Writer, ids: list[int], settings: Settings, stops: Sequence[str]) -> None:
        self.writer, self.settings = writer, settings
        (self.begun,), self.memory = writer._given([ids])
        self.prompt_tokens = len(ids)
        self.pieces = writer._pieces(self.begun, stops)
        self.ids = Ids(finished="interrupted")

    def __iter__(self) -> Iterator[str]:
        model, habits = self.writer.model(self.settings.beams), self.writer.habits
        until = (lambda row, ids: self.pieces.read(ids)[1]) if self.pieces.stops else None  # noqa: ARG005
        if self.settings.beams > 1:
            self.ids = generate(model, [self.begun], self.settings, habits, self.memory, until)[0][0]
            yield self.answer.text
            return
        for (token,) in steps(model, [self.begun], self.settings, habits, self.memory, until):
            self.ids.add(token)
            self.ids.finished = token.finished or "interrupted"
            if piece := self.pieces.add(token.id, last=bool(token.finished)):
                yield piece

    @property
    def answer(self) -> Answer:
        """What has been written."""
        return answer(self.ids, self.pieces, 0)
