"""Speed of translating beside transformers and CTranslate2: the same random weights, in fp32 and in 8 bits.

All write as many tokens for each sentence. The peers alternate in one process, with the same two threads.
CTranslate2 is measured where it is installed (pip install ctranslate2).

python -m benchmarks.decoding [marian|mini ...]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer as Engine
from tokenizers import models, pre_tokenizers, processors

from benchmarks.machine import write
from benchmarks.steps import compared, times
from heedful.checkpoint.folder import save_transformer
from heedful.generate import Settings
from heedful.tasks.fresh import planned
from heedful.tasks.recipe import Recipe
from heedful.tasks.translate import Translator
from heedful.text.marks import MARKS, companions
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.train.initial import begin

SIZES = {
    "marian": {"width": 512, "depth": 6, "heads": 8, "hidden": 2048, "vocab": 58_101},
    "mini": {"width": 256, "depth": 3, "heads": 4, "vocab": 8192},
}
CELLS = ((1, 1, 64), (1, 4, 64), (16, 1, 64), (16, 4, 64))
# sentences of 24 to 40 tokens, beams, tokens written to each
Rows = list[list[int]]
Work = Callable[[], Rows]  # translates all sentences; the written tokens of each


def model(size: str, folder: Path) -> Translator:
    """Write a model with random weights and open it."""
    recipe = Recipe(**SIZES[size], context=512)
    words = ["</s>", "<unk>", *(f"t{number}" for number in range(recipe.vocab - 3)), "<pad>"]
    engine = Engine(models.WordLevel({word: id for id, word in enumerate(words)}, unk_token="<unk>"))
    engine.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    engine.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 0)])
    engine.add_special_tokens([*words[:2], "<pad>"])
    tokenizer = Tokenizer(engine.to_str(), UNCUT, companions(MARKS["translate"], True, 512))
    made, form = planned(recipe, tokenizer, "translate", "marian", ("MTModel",))
    begin(made, 0)
    with torch.no_grad():  # CTranslate2 starts from zeros, as Marian's own files do
        for name, weight in made.named_parameters():
            if name.endswith("input.token.weight"):
                weight[-1] = 0
    save_transformer(made, form, folder)
    tokenizer.save(folder)
    return Translator.load(folder)


def run(size: str, sentences: int, beams: int, written: int) -> dict[str, Any]:
    """Compare the peers at one size, one number of sentences and one width of the search."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        folder.mkdir()
        ours = model(size, folder)
        small = Translator.load(folder, precision="int8")
        random = np.random.default_rng(0)
        rows = [[*random.integers(2, SIZES[size]["vocab"] - 1, n).tolist(), 0] for n in
                random.integers(24, 40, sentences)]  # fmt: skip
        how = Settings(beams=beams, max_tokens=written, min_tokens=written)
        works: dict[str, Work] = {
            "heedful": lambda: [found[0].tokens for found in ours.answers(rows, how)],
            "heedful int8": lambda: [found[0].tokens for found in small.answers(rows, how)],
            "transformers": reference(folder, rows, beams, written),
            **ctranslate2(Path(name), folder, rows, beams, written),
        }
        texts = {peer: work() for peer, work in works.items()}  # to warm up, and to be compared
        figures = compared({peer: timed(work, sentences * written) for peer, work in works.items()})
        return {
            "beams": beams, "sentences": sentences, "written": written,
            "same_as_transformers": {
                peer: {
                    "whole": fmean(a == b for a, b in zip(one, texts["transformers"], strict=True)),
                    "tokens": fmean(map(alike, one, texts["transformers"])),
                }
                for peer, one in texts.items()
            },
            **figures,
            "times_int8": times(figures["rounds"], "heedful int8"),
        }  # fmt: skip


def alike(one: list[int], other: list[int]) -> float:
    """Return the share of the tokens before the first difference: random weights have many near ties."""
    places = [place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]]
    return (places[0] if places else len(other)) / len(other)


def timed(work: Work, tokens: int) -> Callable[[], float]:
    """Return what runs `work` and tells the written tokens per second."""

    def one() -> float:
        start = time.monotonic()
        work()
        return tokens / (time.monotonic() - start)

    return one


def reference(folder: Path, rows: Rows, beams: int, written: int) -> Work:
    """Return what lets transformers translate the rows."""
    from transformers import MarianMTModel

    theirs = MarianMTModel.from_pretrained(folder).eval()
    longest, pad = max(map(len, rows)), theirs.config.pad_token_id
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])

    def work() -> Rows:
        with torch.inference_mode():
            found: torch.Tensor = theirs.generate(
                input_ids=ids, attention_mask=(ids != pad).long(), num_beams=beams, do_sample=False,
                min_new_tokens=written, max_new_tokens=written,
            )  # fmt: skip
        return found[:, 1:].tolist()

    return work


def ctranslate2(out: Path, folder: Path, rows: Rows, beams: int, written: int) -> dict[str, Work]:
    """Return what lets CTranslate2 translate the rows, in float32 and in int8; nothing without it."""
    try:
        import ctranslate2 as peer
    except ImportError:
        return {}
    peer.converters.TransformersConverter(str(folder)).convert(str(out / "converted"), force=True)
    words = [[f"t{id - 2}" if id else "</s>" for id in row] for row in rows]
    found = {}
    for kind in ("float32", "int8"):
        engine = peer.Translator(
            str(out / "converted"), compute_type=kind, inter_threads=1, intra_threads=torch.get_num_threads()
        )
        found[f"CTranslate2 {kind}"] = lambda engine=engine: [
            [int(word[1:]) + 2 if word[1:].isdecimal() else 0 for word in one.hypotheses[0]]
            for one in engine.translate_batch(
                words, beam_size=beams, min_decoding_length=written, max_decoding_length=written
            )
        ]
    return found


if __name__ == "__main__":
    asked = sys.argv[1:] or list(SIZES)
    print(write("decoding", {size: [run(size, *cell) for cell in CELLS] for size in asked}))
