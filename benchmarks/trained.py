"""The lines of the README's table that `benchmarks/results` has on training."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.machine import RESULTS

Line = tuple[str, str]
Sources = dict[str, Callable[[dict[str, Any]], Iterator[Line]]]


def table(title: str, sources: Sources) -> str:
    """Return a table, from whatever results there are; "" where there are none."""
    lines = [line for name, of in sources.items() for line in of(read(name))]
    rows = [f"| {what} | {figure} |" for what, figure in lines]
    return "\n".join([f"| {title} | measured |", "|---|---|", *rows]) if rows else ""


def read(name: str) -> dict[str, Any]:
    """Return a result, {} where there is none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def span(one: dict[str, float], digits: int = 3) -> str:
    """Tell a figure with its interval."""
    return f"{one['value']:.{digits}f} ({one['low']:.{digits}f} to {one['high']:.{digits}f})"


def shakespeare(found: dict[str, Any]) -> Iterator[Line]:
    """Tell nats per character beside an n-gram model's."""
    if found:
        minutes, baseline = found["minutes"], found["baseline"]
        yield (
            f"tiny Shakespeare by characters, {minutes} minutes on two cores "
            f"({found['parameters'] / 1e6:.1f}M parameters, {found['tokens'] / 1e6:.1f}M characters read)",
            f"{found['nats_per_character']:.3f} nats per character; a {baseline['name']} model "
            f"{baseline['nats_per_character']:.3f}",
        )


def steps(found: dict[str, Any]) -> Iterator[Line]:
    """Tell the speed of a step beside the reference's."""
    names = {
        "gpt": "a training step of a GPT of 10.8M parameters, context 256, fp32, no dropout",
        "gpt, dropout 0.1": "the same with dropout 0.1 (there on the weights of attention too)",
        "encoder": "tuning MiniLM on sentences of varied length",
    }
    for key, what in names.items():
        if key in found:
            one = found[key]
            ratios = "; ".join(
                f"{times['median']:.2f} times `{name}` ({times['least']:.2f} to {times['most']:.2f})"
                for name, times in one["times"].items()
            )
            yield what, f"{one['tokens_per_second']['heedful']:,.0f} tokens/s: {ratios}"


def tag(found: dict[str, Any]) -> Iterator[Line]:
    """Tell entity F1 beside a gazetteer's."""
    if found:
        ours, plain = found["methods"]["tag"], found["methods"]["gazetteer"]
        yield (
            f"names in tweets (WNUT17), MiniLM, {len(found['seeds'])} seeds",
            f"entity F1 {ours['f1']:.3f} ({ours['low']:.3f} to {ours['high']:.3f}); "
            f"gazetteer and capitals {plain['f1']:.3f} ({plain['low']:.3f} to {plain['high']:.3f})",
        )


def pretrained(found: dict[str, Any]) -> Iterator[Line]:
    """Tell what pretraining is worth."""
    if found:
        job, unit = {
            "mlm": ("an encoder, 2,000 of TREC's questions", "accuracy"),
            "denoise": ("a T5, synopses of 3,000 package descriptions", "log P per token"),
        }[found["way"]]
        means, (low, high) = found["mean"], found["pretrained_minus_scratch"]
        yield (
            f"{found['minutes']:.0f} minutes of `pretrain {found['way']}` on English, then {job}, "
            f"{len(found['seeds'])} seeds",
            f"{unit} {means['pretrained']:.3f}, from scratch {means['scratch']:.3f} "
            f"(difference {low:.3f} to {high:.3f})",
        )


def scale(found: dict[str, Any]) -> Iterator[Line]:
    """Tell memory and traffic of two processes."""
    if found:
        alone, whole, shared = (found[mode] for mode in ("alone", "whole", "shared"))
        yield (
            f"two processes, {alone['parameters'] / 1e6:.0f}M parameters, AdamW",
            f"most memory of one {whole['peak_bytes'] / 1e9:.2f} GB, with `--shard` "
            f"{shared['peak_bytes'] / 1e9:.2f} GB",
        )


CORPORA = {
    "multi30k": "captions (Multi30k, test_2016_flickr)",
    "manuals": "sentences of software manuals",
}


def translate(found: dict[str, Any]) -> Iterator[Line]:
    """Tell BLEU and chrF of each method on captions."""
    for method, one in found.get("methods", {}).items():
        scores = " and ".join(
            f"{name} {span(score, 1)}"
            for name, score in (("BLEU", one["scores"]["bleu"]), ("chrF", one["scores"]["chrf"]))
        )
        yield (
            f"{CORPORA[found['corpus']]}, {found['pair']}, `{method}` of "
            f"{one['parameters'] / 1e6:.1f}M parameters from nothing, {one['minutes']:.0f} minutes",
            f"{scores}; {one['scores']['bleu']['signature']}".replace("|", "\\|"),
        )


def summarize(found: dict[str, Any]) -> Iterator[Line]:
    """Tell ROUGE-L of each way to summarise."""
    for method, one in found.get("methods", {}).items():
        f1 = one["rougeL"]["f1"]
        what = {"summarize-packages": "synopses of packages", "summarize-headlines": "headlines of news"}
        yield (
            f"{what[found['name']]} ({found['rows']:,} of the test part), {method}",
            f"ROUGE-L {span(f1)}",
        )


def decoding(found: dict[str, Any]) -> Iterator[Line]:
    """Tell the speed of translating beside the reference's and CTranslate2's."""
    for size, what in (("marian", "Marian's size (75M parameters)"), ("mini", "8M parameters")):
        for one in found.get(size, ()):
            said = []
            for ours, key in (("heedful", "times"), ("heedful int8", "times_int8")):
                ratios = "; ".join(
                    f"{times['median']:.2f} times `{peer}` ({times['least']:.2f} to {times['most']:.2f})"
                    for peer, times in one[key].items()
                    if "heedful" not in peer
                )
                said.append(f"{ours.removeprefix('heedful') or 'fp32'} "
                            f"{one['tokens_per_second'][ours]:,.0f} tokens/s: {ratios}".strip())  # fmt: skip
            yield (
                f"translating {one['sentences']} sentence{'s' * (one['sentences'] > 1)} to {one['written']} "
                f"tokens each, {what}, {'greedily' if one['beams'] == 1 else str(one['beams']) + ' beams'}",
                "; ".join(said),
            )


def lineage(found: dict[str, Any]) -> Iterator[Line]:
    """Tell how many techniques reach their papers' figures."""
    runs = found.get("techniques", ())
    if runs:
        short = [run["name"] for run in runs if not run["passed"]]
        seconds = sum(run["seconds"] for run in runs)
        yield (
            f"the experiments of {len(runs)} techniques, one neuron to the transformer (docs/lineage.md)",
            f"{len(runs) - len(short)} reach their figures, in {seconds / 60:.0f} minutes"
            + (f"; short of them: {', '.join(short)}" if short else ""),
        )


SOURCES: Sources = {
    "shakespeare-15": shakespeare,
    "shakespeare-60": shakespeare,
    "steps": steps,
    "tag": tag,
    "pretrained-mlm": pretrained,
    "pretrained-denoise": pretrained,
    "scale": scale,
    "translate-multi30k-de-en": translate,
    "translate-multi30k-en-de": translate,
    "translate-manuals-en-de": translate,
    "summarize-packages": summarize,
    "summarize-headlines": summarize,
    "decoding": decoding,
    "lineage": lineage,
}
