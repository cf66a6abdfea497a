"""The published rules of C4 (Raffel et al. 2020, section 2.2), one small function each.

The thresholds are those of the released code (tensorflow_datasets, text/c4_utils.py), stated by the last
version of the paper too: lines of at least 5 words, pages of at least 3 sentences; quotations of it with 3
words and 5 sentences are about. As in that code the rules of a line are tried in this order and the first one
takes it, so that a page falls by a curly bracket or `lorem ipsum` only in a line that is not taken before. Of
the code too: lines with a word of over 1,000 characters, and lines that end in three dots. Left out: the
paper keeps English pages alone, told by langdetect. Sentences are counted by heedful.text.sentences, there by
NLTK's punkt.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from heedful.data.files import check_regular, head, look
from heedful.errors import ConfigError
from heedful.text.sentences import sentences

LEAST_WORDS = 5
LEAST_SENTENCES = 3
LONGEST_WORD = 1000
END_MARKS = (".", "?", "!", '"', "”")
POLICIES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
WORD = re.compile(r"\w+")
WORD_BYTES = 16 << 20  # of a list of words
EXAMPLES, SHOWN = 3, 200  # examples of a rule, and characters of one


@dataclass(frozen=True)
class Rule:
    """One rule: its name, what it takes, and when."""

    name: str
    takes: Literal["line", "document"]
    about: str
    test: Callable[[str], bool]


def has_long_word(line: str) -> bool:
    """Tell whether a word is longer than any language has."""
    return len(line) > LONGEST_WORD and any(len(word) > LONGEST_WORD for word in line.split())


def has_no_end(line: str) -> bool:
    """Tell whether a line ends without a mark of a sentence's end, or in three dots."""
    return not line.endswith(END_MARKS) or line.endswith("...")


def has_few_words(line: str) -> bool:
    """Tell whether a line has fewer words than a sentence."""
    return len(line.split(maxsplit=LEAST_WORDS - 1)) < LEAST_WORDS


def has_placeholder(line: str) -> bool:
    """Tell whether a line is the printers' placeholder text."""
    return "lorem ipsum" in line.lower()


def names_javascript(line: str) -> bool:
    """Tell whether a line speaks of Javascript, mostly to ask for it."""
    return "javascript" in line.lower()


def has_brace(line: str) -> bool:
    """Tell whether a line has the curly bracket of program code."""
    return "{" in line


def states_policy(line: str) -> bool:
    """Tell whether a line is a notice on cookies or terms."""
    low = line.lower()
    return any(policy in low for policy in POLICIES)


def has_few_sentences(page: str) -> bool:
    """Tell whether a page has too few sentences."""
    count = 0
    for line in page.split("\n"):
        count += len(sentences(line))
        if count >= LEAST_SENTENCES:
            return False
    return True


LINE_RULES = (  # in the order in which they are tried
    Rule("long word", "line", f"a word of more than {LONGEST_WORD:,} characters", has_long_word),
    Rule("end mark", "line", 'not ending in . ? ! or " , or ending in three dots', has_no_end),
    Rule("few words", "line", f"fewer than {LEAST_WORDS} words", has_few_words),
    Rule("lorem ipsum", "document", "the placeholder text `lorem ipsum`", has_placeholder),
    Rule("javascript", "line", "the word Javascript", names_javascript),
    Rule("curly bracket", "document", "a curly bracket { , so probably program code", has_brace),
    Rule("policy", "line", "a notice on cookies, privacy or terms of use", states_policy),
)
OTHER_RULES = {  # name: (takes, about)
    "citation": ("text", "marks such as [1], [edit], [citation needed]"),
    "empty": ("document", "no line left"),
    "words": ("document", "a word of the list that was given"),
    "few sentences": ("document", f"fewer than {LEAST_SENTENCES} sentences"),
    "duplicate": ("document", "the same text as an earlier document"),
    "near duplicate": ("document", "80 % or more of its word triples in common with an earlier document"),
    "repeated span": ("text", "three sentences in a row that stand earlier in the corpus"),
}
NAMES = (*(rule.name for rule in LINE_RULES), *OTHER_RULES)


def checked_skip(skip: Iterable[str]) -> list[str]:
    """Return the rules to leave out, in their order; a name that is no rule's is a ConfigError."""
    asked = set(skip)
    known = [name for name in NAMES if name != "empty"]
    wrong = sorted(asked - set(known))
    if wrong:
        raise ConfigError(f"there is no rule {wrong[0]!r} to skip. Known are {', '.join(known)}.")
    return [name for name in known if name in asked]


def word_file(path: Path) -> list[str]:
    """Return the words of a file, one a line."""
    check_regular(path, "a text of one word a line")
    file = look(path, head(path), limit=WORD_BYTES)
    return [line.strip() for line in file.lines() if line.strip()]


class WordList:
    """Words and phrases that no page may have; they count where no letter or digit is beside them."""

    def __init__(self, words: Iterable[str]) -> None:
        given = {word.strip().lower() for word in words} - {""}
        self.single = {word for word in given if WORD.fullmatch(word)}
        phrases = "|".join(map(re.escape, sorted(given - self.single)))
        self.phrases = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if phrases else None
        self.size = len(given)

    def found(self, text: str) -> str | None:
        """Return a word of the list that the text has: the first in the alphabet."""
        low = text.lower()
        met = self.single.intersection(WORD.findall(low))
        phrase = self.phrases.search(low) if self.phrases and not met else None
        return min(met) if met else phrase.group() if phrase else None


@dataclass
class Taken:
    """What one rule took."""

    documents: int = 0
    lines: int = 0
    characters: int = 0  # line ends not counted
    examples: list[str] = field(default_factory=list)


class Tally(dict[str, Taken]):
    """What each rule took, by its name."""

    def __init__(self, skip: Iterable[str] = ()) -> None:
        super().__init__({name: Taken() for name in NAMES if name not in set(skip)})

    def take(self, name: str, example: str, documents: int = 0, lines: int = 0, characters: int = 0) -> None:
        """Count what a rule took; the first examples are kept."""
        taken = self[name]
        taken.documents += documents
        taken.lines += lines
        taken.characters += characters
        if len(taken.examples) < EXAMPLES:
            taken.examples.append(example if len(example) <= SHOWN else example[: SHOWN - 1] + "…")

    def take_page(self, name: str, lines: list[str], example: str) -> None:
        """Count a document that a rule took."""
        self.take(name, example, 1, len(lines), sum(map(len, lines)))

    def document(self) -> dict[str, dict[str, object]]:
        """Return it as JSON has it."""
        return {name: asdict(taken) for name, taken in self.items()}


def clean_page(lines: list[str], tally: Tally, words: WordList | None = None) -> str:
    """Return what the rules leave of a page's stripped, filled lines; an empty text if they take it whole."""
    rules = [rule for rule in LINE_RULES if rule.name in tally]
    kept: list[str] = []
    for place, line in enumerate(lines):
        if "citation" in tally and "[" in line:
            line = without_citations(line, tally)
        rule = next((rule for rule in rules if rule.test(line)), None)
        if rule is None:
            kept.append(line)
        elif rule.takes == "line":
            tally.take(rule.name, line, lines=1, characters=len(line))
        else:
            tally.take_page(rule.name, [*kept, line, *lines[place + 1 :]], line)
            return ""
    page = "\n".join(kept)
    word = words.found(page) if words and "words" in tally else None
    if not kept:
        tally.take_page("empty", [], lines[0])
    elif word is not None:
        tally.take_page("words", kept, f"{word}: {page}")
    elif "few sentences" in tally and has_few_sentences(page):
        tally.take_page("few sentences", kept, page)
    else:
        return page
    return ""


def without_citations(line: str, tally: Tally) -> str:
    """Return a line without the marks of citations."""
    shorter = CITATION.sub("", line).strip()
    if len(shorter) < len(line):
        tally.take("citation", line, characters=len(line) - len(shorter))
    return shorter
