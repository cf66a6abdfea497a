"""Extractive question answering: questions made by rule from Wikipedia introductions.

No public set of questions lies beside the project, so these are made from sentences that fit a pattern
("X was written by Y in 1957" -> "Who is X by?"): the form of the questions is narrow, the articles of train,
dev and test differ. A third has no answer in its context: the context is another article of the same kind.
The figures say whether training works here, not how the model would do on SQuAD.
"""

import gzip
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import DATA, write
from heedful.data.questions import QuestionTable, read_questions
from heedful.intervals import bounded
from heedful.tasks.answer import Answerer
from heedful.tasks.fit_answer import by_overlap
from heedful.tasks.spans import SpanScores, score
from heedful.text.sentences import sentences

NAME = r"(?P<a>[A-Z][\w.'’-]*(?: (?:(?:of|de|da|van|von|der|le|la|and) )*[A-Z][\w.'’-]*)*)"
MADE = (
    r"(?P<v>written|directed|painted|created|designed|composed|produced|developed|founded|invented|discovered"
    r"|built|published|released|established|completed|introduced|formed|opened|born|killed|elected|signed"
    r"|recorded|adopted|proposed|ruled|influenced|inspired|named|awarded|conquered|destroyed|abolished)"
)
YEAR = r"[^.;,]{0,40}? (?:in|on|around) (?:[A-Z][a-z]+ )?(?:\d{1,2},? )?(?P<a>[12]\d{3})\b"
KINDS = {  # kind: pattern with the answer as group a, and ways to ask for it of article {x} and verb {v}
    "what": (
        r"(?:^| )(?:is|was|are|were)(?P<v>) (?P<a>an? [^,.;:()\"]{8,90}?)"
        r"(?= that | which | in which | who | whose |[,.;:(])",
        ("What is {x}?", "What kind of thing is {x}?", "How is {x} described?"),
    ),
    "also": (
        r"(?:known|referred to|called)(?P<v>)(?: as)? (?P<a>[^,.;:()\"]{3,50}?)"
        r"(?=[,.;()]| is | was | are | and | or )",
        ("What else is {x} called?", "Under which name does {x} go?"),
    ),
    "by": (
        rf"\b{MADE} by (?:[a-z-]+ ){{0,4}}{NAME}",
        ("By whom was {x} {v}?", "Who was it that {x} was {v} by?"),
    ),
    "year": (rf"\b{MADE}{YEAR}", ("In which year was {x} {v}?", "When was {x} {v}?")),
    "where": (
        r"\b(?P<v>located|situated|born|based|headquartered|found|native|held|spoken) (?:\w+ ){0,2}?"
        rf"(?:in|to|at) (?:the |central |northern |southern |eastern |western )*{NAME}",
        ("Where is {x} {v}?", "In which place is {x} {v}?"),
    ),
}
DANGLING = {"in", "of", "at", "on", "for", "by", "to", "as", "with", "from"}
PARTS = {"train": (0, 80), "dev": (80, 90), "test": (90, 100)}  # per cent of the articles
MOST = {"train": 4000, "dev": 500, "test": 1000}
SECONDS = 600.0


def made(document: dict[str, str]) -> Iterator[tuple[str, str, str, int]]:
    """Yield kind, verb, answer and its place for what the sentences of an article tell, each once."""
    seen, begin = set(), 0
    for number, sentence in enumerate(sentences(document["text"])):
        for kind, (pattern, _) in KINDS.items():
            match = re.search(pattern, sentence) if kind != "what" or not number else None
            usable = match and match["a"].split()[-1] not in DANGLING and (kind, match["v"]) not in seen
            if match and usable:
                seen.add((kind, match["v"]))
                yield kind, match["v"], match["a"].rstrip("."), begin + match.start("a")
        begin += len(sentence)


def facts(part: str, chosen: random.Random) -> list[tuple[dict[str, str], str, str, str, int]]:
    """Return what the articles of a part tell in random order, few of the many "what"."""
    with gzip.open(DATA / "retrieval" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    low, high = PARTS[part]
    mine = [one for one in documents if low <= int(one["id"][1:]) * 7919 % 100 < high]
    found = [(one, *fact) for one in mine for fact in made(one)]
    chosen.shuffle(found)
    rest = [fact for fact in found if fact[1] != "what"]
    found = rest + [fact for fact in found if fact[1] == "what"][: len(rest) // 3]
    chosen.shuffle(found)
    return found[: MOST[part]]


def questions(part: str, seed: int = 0) -> list[dict[str, Any]]:
    """Return the questions of a part as rows of flat SQuAD, a third of them about another article."""
    chosen = random.Random(f"{seed} {part}")
    found = facts(part, chosen)
    texts = {kind: [one["text"] for one, other, *_ in found if other == kind] for kind in KINDS}
    rows = []
    for number, (document, kind, verb, answer, start) in enumerate(found):
        title, text, answers = re.sub(r" \(.*\)", "", document["title"]), document["text"], [answer]
        if number % 3 == 0:
            tried = chosen.sample(texts[kind], min(50, len(texts[kind])))
            others = [other for other in tried if not re.search(rf"\b{re.escape(title)}\b", other)]
            text, answers = (others[0], []) if others else (text, answers)
        rows.append(
            {
                "question": chosen.choice(KINDS[kind][1]).format(x=title, v=verb),
                "context": text,
                "answers": {"text": answers, "answer_start": [start] * len(answers)},
            }
        )
    return rows


def table(part: str, folder: Path) -> QuestionTable:
    """Write the questions of a part and read them as a user's file would be."""
    path = folder / f"{part}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in questions(part)), encoding="utf-8")
    return read_questions(path)


def told(found: SpanScores, seconds: float, floor: SpanScores) -> dict[str, Any]:
    """Return a method's figures, with the paired difference of its F1 to word overlap's."""
    return {**found.summary(), "f1_above_overlap": bounded(found.f1 - floor.f1), "seconds": round(seconds, 1)}


def run(seed: int) -> dict[str, Any]:
    """Train on train, choose by dev, score all methods on test."""
    with tempfile.TemporaryDirectory() as name:
        train, dev, test = (table(part, Path(name)) for part in PARTS)
    floor = by_overlap(dev, test)
    never = score([""] * len(test.rows), test.texts())
    begin = time.monotonic()
    model = Answerer("minilm", seed=seed, epochs=2).fit(
        train.questions, train.contexts, train.answers,
        dev=(dev.questions, dev.contexts, dev.answers), seconds=SECONDS,
    )  # fmt: skip
    fitted = time.monotonic() - begin
    answers = [one[0].text for one in model.answer(test.questions, test.contexts)]
    took = time.monotonic() - begin - fitted
    return {
        "seed": seed,
        "rows": {"train": len(train.rows), "dev": len(dev.rows), "test": len(test.rows)},
        "fingerprints": [one.fingerprint for one in (train, dev, test)],
        "stopped": model.stopped_,
        "questions_per_second": round(len(answers) / took, 1),
        "methods": {
            "answer": told(score(answers, test.texts()), fitted, floor),
            "overlap": told(floor, 0.0, floor),
            "no_answer": told(never, 0.0, floor),
        },
    }


if __name__ == "__main__":
    print(write("answer", {"runs": [run(int(seed)) for seed in sys.argv[1:] or ["0"]]}))
