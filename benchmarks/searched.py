"""The README's lines about sentence vectors: search, patents, topics, few labels."""

from collections.abc import Iterator
from typing import Any

from benchmarks.trained import Line, Sources, span

WAYS = {"bm25": "BM25", "minilm": "MiniLM", "hybrid": "both"}
ENGINES = {"exact": "`exact`", "milvus": "Milvus Lite"}
TABLES = {"sst": "SST-2", "trec": "TREC-6", "hate": "hate speech"}


def retrieval(found: dict[str, Any]) -> Iterator[Line]:
    """Tell nDCG of each way to search."""
    for way, scores in found.get("systems", {}).items():
        yield (
            f"{found['queries']:,} short descriptions look for their article among {found['documents']:,} of "
            f"Wikipedia, {WAYS[way]}",
            f"nDCG@10 {span(scores['ndcg@10'])}, recall@10 {scores['recall@10']['value']:.3f}; "
            f"{1000 * found['seconds_per_query'][way]:.1f} ms a query, one core",
        )


def engines(found: dict[str, Any]) -> Iterator[Line]:
    """Tell recall, latency, memory of the engines at each size."""
    for one in found.get("runs", ()):
        whole, part = one["all"], one["filtered"]
        yield (
            f"search among {one['rows']:,} vectors ({found['width']}), {ENGINES[one['store']]}",
            f"{whole['p50_ms']:.1f} ms a query, recall@10 {whole['recall@10']:.3f}; with a filter that "
            f"leaves 2 % {part['p50_ms']:.1f} ms, {part['recall@10']:.3f}; built in "
            f"{one['written_seconds'] + one['prepared_seconds']:,.0f} s; "
            f"{one['peak_memory_bytes'] / 1e6:,.0f} MB",
        )


def patents(found: dict[str, Any]) -> Iterator[Line]:
    """Tell what neighbours say of the subclasses of a claim, before and after training on claims."""
    trained = found.get("augmented", {})
    for when, one in (
        ("", found),
        (f", after {trained.get('minutes', 0):.0f} minutes of Augmented SBERT", trained),
    ):
        for way, scores in one.get("systems", {}).items():
            if when and way == "bm25":
                continue
            yield (
                f"subclasses of {found['test']} patent claims from the nearest of {found['train']:,}, "
                f"{WAYS[way]}{when}",
                f"micro-F1 {span(scores['micro_f1'])}, recall of claims that share one @10 "
                f"{span(scores['recall@10'])}",
            )


def topics(found: dict[str, Any]) -> Iterator[Line]:
    """Tell the scores and seconds of topics, beside BERTopic."""
    for name in ("heedful", "BERTopic"):
        if name in found:
            one = found[name]["auto"]
            yield (
                f"topics of {found['rows']:,} introductions of Wikipedia, vectors given, "
                f"{name.replace('heedful', 'Heedful')}",
                f"{one['topics']} topics, NPMI {one['npmi']:.3f}, diversity {one['diversity']:.3f}, "
                f"{found[name]['seconds_of_a_process']['clock']:.0f} s a process",
            )


def embed(found: dict[str, Any]) -> Iterator[Line]:
    """Tell a sentence encoder before and after training."""
    if found:
        scores = {**found["embed"]["scores"], **found["embed"]["baselines"]}
        told = [
            f"{name.replace('_', ' ')} {span(one['ndcg@10'])}"
            for name, one in scores.items()
            if isinstance(one, dict) and "ndcg@10" in one and name != "difference"
        ]
        yield (
            f"MiniLM tuned on {found['embed']['rows']['train']:,} descriptions and their articles in "
            f"{found['embed']['training_seconds'] / 60:.0f} minutes on one core, "
            f"{found['embed']['rows']['scored']} others",
            f"nDCG@10 {'; '.join(told)}",
        )


def fewshot(found: dict[str, Any]) -> Iterator[Line]:
    """Tell the curve of few labels of each class."""
    curves = [one for one in found.get("curves", ()) if one["method"] in ("probe", "fewshot")]
    for table in dict.fromkeys(one["table"] for one in curves):
        for method in ("probe", "fewshot"):
            mine = [one for one in curves if one["table"] == table and one["method"] == method]
            told = [f"{one['shots']}: {one['mean']:.3f} ± {one['deviation'] or 0:.3f}" for one in mine]
            seeds = min((one["seeds"] for one in mine), default=0)
            yield (
                f"few labels, {TABLES[table]}, `{method}`, {seeds} seeds",
                f"{mine[0]['metric'].replace('_', '-')} with labels of each class {'; '.join(told)}",
            )


SOURCES: Sources = {
    "search-retrieval": retrieval,
    "embed": embed,
    "search-engines": engines,
    "search-patents": patents,
    "fewshot": fewshot,
    "topics": topics,
}
