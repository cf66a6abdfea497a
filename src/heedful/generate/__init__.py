"""Token ids in, token ids out: greedy, sampling and beam search over any decoder."""

from heedful.generate.answers import Answer, Token
from heedful.generate.sampling import generate, steps
from heedful.generate.settings import Habits, Settings

__all__ = ["Answer", "Habits", "Settings", "Token", "generate", "steps"]
