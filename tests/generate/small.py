"""Tiny random writers: the reference's model, ours from its saved file, and how both are asked to write."""

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from families.tiny import make
from torch import Tensor

from heedful.checkpoint.folder import load_transformer
from heedful.core.attention import Packed
from heedful.core.inputs import pack
from heedful.core.model import Transformer, last
from heedful.generate import Habits
from heedful.generate.session import Memory

VOCAB = 40
PROMPTS = [[5, 9, 31], [7], [12, 4, 33, 20, 8, 25, 36], [6, 6, 30], [11, 17]]
DECODERS = ("gpt2", "llama", "llama-biased", "mistral", "qwen2")
PAIRS = ("t5", "t5-gated", "bart", "mbart", "marian", "whisper")


@dataclass(frozen=True)
class Small:
    """One model twice."""

    name: str
    theirs: Any
    ours: Transformer
    habits: Habits

    @property
    def paired(self) -> bool:
        """Does it have an encoder?"""
        return self.ours.config.encoder is not None

    def given(self, sources: list[list[int]]) -> tuple[list[list[int]], Memory | None]:
        """Return what the decoder begins with, and the encoder's output, for some texts."""
        if not self.paired:
            return sources, None
        assert self.ours.encoder is not None
        assert self.habits.start is not None
        with torch.inference_mode():
            if self.name == "whisper":
                torch.manual_seed(3)
                sounds = torch.randn(40, 8, 20)[[source[0] for source in sources]]
                memory = self.ours.encoder(sounds)
            else:
                memory = self.ours.encoder(*pack(sources))
        return [[self.habits.start] for _ in sources], memory

    def scores(self, ids: list[int], memory: Memory | None) -> Tensor:
        """Return the scores after `ids`, all read anew, without a cache: (V,)."""
        assert self.ours.decoder is not None
        with torch.inference_mode():
            x, layout = self.ours.decoder(torch.tensor(ids), Packed((len(ids),)), memory=memory)
            return self.ours.scores(last(x, layout), Packed((1,)))[0]


@cache
def small(name: str) -> Small:
    """Return a tiny model under its name in `families.tiny`."""
    model = make(name)
    folder = Path(tempfile.mkdtemp())
    model.save_pretrained(folder)
    ours = load_transformer(folder).transformer
    config = json.loads((folder / "config.json").read_text())
    if (folder / "generation_config.json").is_file():
        config |= json.loads((folder / "generation_config.json").read_text())
    return Small(name, model, ours, Habits.read(config, VOCAB))


def one(memory: Memory | None, row: int) -> Memory | None:
    """Return the part of an encoder's output that belongs to one row."""
    if memory is None:
        return None
    states, layout = memory
    start = sum(layout.lengths[:row])
    return states[start : start + layout.lengths[row]], Packed((layout.lengths[row],))
