"""What comes out: tokens as they are written, and whole answers."""

from dataclasses import dataclass, field

from torch import Generator

Alternatives = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Token:
    """One token of one answer to prompt number `prompt`.

    `logprob`, and the `top` alternatives with theirs, are the model's own, before any setting shapes them.
    `finished` says why the answer ends here: "end" (the model's own), "stop", "max_tokens", or "positions"
    (the model has no place for more); "" where it goes on.
    """

    prompt: int
    answer: int
    id: int
    logprob: float
    top: Alternatives = ()
    finished: str = ""


@dataclass
class Answer:
    """The tokens so far, with log-probabilities; `score` is a beam's: the sum over length ** penalty."""

    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    top: list[Alternatives] = field(default_factory=list)
    finished: str = ""
    score: float | None = None

    def add(self, token: Token) -> None:
        """Append one."""
        self.tokens.append(token.id)
        self.logprobs.append(token.logprob)
        self.top.append(token.top)
        self.finished = token.finished


@dataclass
class Row:
    """One sequence in the making: the decoder's ids so far, of which `given` came from the prompt.

    At most `limit` more are written, and `cramped` says that the model's positions set that number.
    """

    prompt: int
    answer: int
    ids: list[int]
    given: int
    limit: int
    cramped: bool = False
    generator: Generator | None = None

    @property
    def written(self) -> list[int]:
        """The ids since the prompt."""
        return self.ids[self.given :]

    @property
    def count(self) -> int:
        """How many ids were written."""
        return len(self.ids) - self.given

    def why(self, id: int, ends: tuple[int, ...], stops: tuple[int, ...], stopped: bool) -> str:
        """Say why the sequence ends with `id`, "" if it does not."""
        if id in ends:
            return "end"
        if id in stops or stopped:
            return "stop"
        if self.count >= self.limit:
            return "positions" if self.cramped else "max_tokens"
        return ""
