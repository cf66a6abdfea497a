"""Each rule takes what it says and no more; the report adds up; the same corpus gives the same bytes."""

import fcntl
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from heedful.data import clean as module
from heedful.data import cleaned, spans
from heedful.data.clean import clean
from heedful.data.corpus import Corpus
from heedful.data.rules import LINE_RULES, NAMES, Tally, WordList, clean_page, word_file
from heedful.errors import ConfigError, DataError, HeedfulError, ServiceError

GOOD = ["This is the first good sentence.", "Here comes a second one of them.", "And this line is the third."]
NOUNS = ["river", "house", "teacher", "machine", "forest", "letter", "winter", "market", "doctor", "island"]


def page(seed: int, lines: int = 6) -> str:
    """Return a text that no rule takes and that resembles no other."""
    maker = random.Random(seed)
    return "\n".join(
        f"The {maker.choice(NOUNS)} {maker.randrange(10**6)} near my {maker.choice(NOUNS)} saw "
        f"{maker.randrange(10**6)} of us."
        for _ in range(lines)
    )


def corpus(folder: Path, pages: list[str]) -> Corpus:
    folder.mkdir(exist_ok=True)
    path = folder / "pages.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in pages), "utf-8")
    return Corpus(path)


def rows(folder: Path) -> list[dict[str, str]]:
    parts = sorted(folder.glob("part-*.jsonl.gz"))
    return [json.loads(line) for part in parts for line in gzip.open(part, "rt", encoding="utf-8")]


def cleaned_texts(folder: Path, pages: list[str], **options: object) -> tuple[list[str], dict[str, dict]]:
    report = clean(corpus(folder / "in", pages), folder / "out", **options)
    return [row["text"] for row in rows(folder / "out")], report["rules"]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("A line about something without its end", "end mark"),
        ("This one only trails off after a while...", "end mark"),
        ("Far too short.", "few words"),
        ("One word of this is " + "x" * 1001 + " long.", "long word"),
        ("You have to enable JavaScript to read this page.", "javascript"),
        ("By reading on you accept our Cookie Policy here.", "policy"),
        ("Our page uses cookies to know you better.", "policy"),
    ],
)
def test_a_line_is_taken_and_the_page_stays(line: str, rule: str) -> None:
    tally = Tally()
    assert clean_page([GOOD[0], line, *GOOD[1:]], tally) == "\n".join(GOOD)
    found = {name: taken for name, taken in tally.items() if taken.lines or taken.documents}
    assert list(found) == [rule]
    assert (found[rule].documents, found[rule].lines, found[rule].characters) == (0, 1, len(line))
    assert found[rule].examples == [line if len(line) <= 200 else line[:199] + "…"]
    assert line in clean_page([GOOD[0], line, *GOOD[1:]], Tally(skip=[rule]))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Lorem Ipsum dolor sit amet and so on.", "lorem ipsum"),
        ('It prints int main() { return 0; } as "code".', "curly bracket"),
    ],
)
def test_a_page_is_taken_for_a_line(line: str, rule: str) -> None:
    tally, lines = Tally(), [GOOD[0], line, *GOOD[1:]]
    assert clean_page(lines, tally) == ""
    taken = tally[rule]
    assert (taken.documents, taken.lines, taken.characters) == (1, 4, sum(map(len, lines)))
    assert taken.examples == [line]
    assert clean_page([line.rstrip('."'), *GOOD], Tally()) == "\n".join(GOOD)  # the line is taken before


@pytest.mark.parametrize("ending", [".", "?", "!", '"', "”"])
def test_marks_that_end_a_line(ending: str) -> None:
    lines = [*GOOD, f"Here is one more line{ending}"]
    assert clean_page(lines, Tally()) == "\n".join(lines)


def test_pages_need_three_sentences_wherever_they_stand() -> None:
    assert clean_page([" ".join(GOOD)], Tally())
    tally = Tally()
    assert clean_page(GOOD[:2], tally) == "" and tally["few sentences"].documents == 1
    assert (
        clean_page(["No line of these stays", "none at all"], tally) == "" and tally["empty"].documents == 1
    )


def test_citations_are_cut_out() -> None:
    tally = Tally()
    lines = ["He was born in the north.[12] [edit]", "It is said [citation needed] that he left.", *GOOD]
    left = clean_page(lines, tally).split("\n")
    assert left[:2] == ["He was born in the north.", "It is said  that he left."]
    assert tally["citation"].characters == sum(map(len, lines)) - sum(map(len, left))


def test_words_of_a_list_take_a_page(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("bad\n\nvery bad thing\nf@ul\n Ünfein \n", "utf-8")
    words = WordList(word_file(path))
    for text, found in [
        ("A BAD one.", "bad"), ("a badge", None), ("the f@ul one", "f@ul"), ("ünfein!", "ünfein"),
        ("no very bad thing", "bad"), ("of@ully", None),
    ]:  # fmt: skip
        assert words.found(text) == found
    tally = Tally()
    assert clean_page([*GOOD, "This line has a bad word."], tally, words) == ""
    assert tally["words"].documents == 1 and tally["words"].examples[0].startswith("bad: This is")
    with pytest.raises(DataError, match=r"there is no file .*word\.txt; the folder has words\.txt"):
        word_file(tmp_path / "word.txt")


def test_documents_that_are_there_twice_go(tmp_path: Path) -> None:
    first, second = page(1, 30), page(2, 30)
    near = first.replace("saw", "met", 1).upper().replace(".", "!")
    texts, rules = cleaned_texts(tmp_path, [first, second, first, near, second])
    assert texts == [first, second]
    assert rules["duplicate"]["documents"] == 2 and rules["near duplicate"]["documents"] == 1
    assert rules["duplicate"]["examples"][0][:99] == first[:99]
    assert "which is near " + first[:50] in rules["near duplicate"]["examples"][0]


def test_rules_can_be_left_out(tmp_path: Path) -> None:
    pages = [page(1), page(2), page(1), page(2).replace("saw", "met", 1)]
    left = ["duplicate", "near duplicate", "repeated span"]
    texts, rules = cleaned_texts(tmp_path, pages, skip=left)
    assert texts == pages and not set(left) & set(rules)
    assert "Not applied, as asked: duplicate, near duplicate, repeated span." in (
        tmp_path / "out" / "README.md"
    ).read_text("utf-8")
    with pytest.raises(ConfigError, match=r"no rule 'dupe' to skip\. Known are long word"):
        cleaned_texts(tmp_path, pages, skip=["dupe"])
    with pytest.raises(ConfigError, match="no rule 'empty'"):
        cleaned_texts(tmp_path, pages, skip=["empty"])


@pytest.mark.parametrize("batch", [1, 5, 1 << 17])
def test_three_sentences_that_stand_earlier_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(spans, "BATCH", batch)
    shared = "All of this stands in two pages. It is the second one.\nIt is the third of them."
    pages = [
        page(1) + "\n" + shared,
        page(2) + "\n" + shared.upper().replace("\n", " ") + " But this is new.\n" + page(3),
        page(4) + "\n" + shared.rsplit("\n", 1)[0],
    ]
    texts, rules = cleaned_texts(tmp_path, pages)
    assert texts == [pages[0], page(2) + "\nBut this is new.\n" + page(3), pages[2]]
    assert rules["repeated span"]["lines"] == 0 and rules["repeated span"]["documents"] == 0
    assert rules["repeated span"]["examples"] == [shared.upper().replace("\n", " ")]


def test_a_page_that_spans_leave_too_short_goes(tmp_path: Path) -> None:
    shared = page(1, 8)
    texts, rules = cleaned_texts(
        tmp_path, [shared + "\n" + page(2, 9), shared + "\nThese are five new words."]
    )
    assert texts == [shared + "\n" + page(2, 9)]
    assert rules["repeated span"]["lines"] == 8 and rules["few sentences"]["documents"] == 1


def test_a_run_that_overlaps_itself_keeps_three(tmp_path: Path) -> None:
    texts, _ = cleaned_texts(tmp_path, ["\n".join(["This is said again and again."] * 7)])
    assert texts == ["\n".join(["This is said again and again."] * 3)]


def mixed_pages() -> list[str]:
    """Return pages that every rule takes something of."""
    bad = [
        "no end",
        "Too short.",
        "w" * 1001 + " in this one line.",
        "Turn your javascript on for this page.",
    ]
    bad += ["Read our privacy policy before you go on.", "Here is a mark of this.[3]"]
    pages = [page(i) for i in range(40)]
    pages += [page(50 + i) + "\n  " + line + "  \n\n" + page(90 + i) for i, line in enumerate(bad)]
    pages += [
        page(1),
        page(2, 6).replace("saw", "SAW!", 1),
        page(3) + "\n" + page(60, 20),
        "no line",
        "Only two are in here. Too few.",
    ]
    return [
        *pages,
        page(71) + "\nThis is Lorem Ipsum for you.",
        page(72) + "\nThis { is more code.",
        page(73),
    ]


def test_the_report_adds_up(tmp_path: Path) -> None:
    report = clean(corpus(tmp_path / "in", mixed_pages()), tmp_path / "out", words=[page(73).split()[2]])
    for unit in ("documents", "lines", "characters"):
        taken = sum(found[unit] for found in report["rules"].values())
        assert report["read"][unit] == report["written"][unit] + taken, unit
    assert all(
        any(found[u] for u in ("documents", "lines", "characters")) for found in report["rules"].values()
    )
    assert set(report["rules"]) == set(NAMES)
    texts = [row["text"] for row in rows(tmp_path / "out")]
    assert report["written"]["documents"] == len(texts)
    assert report["written"]["characters"] == sum(len(line) for text in texts for line in text.split("\n"))


def test_the_same_corpus_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        clean(corpus(tmp_path / f"{name} in", mixed_pages()), tmp_path / name)
        monkeypatch.setattr("time.time", lambda: 1.0)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["README.md", "manifest.json", "part-00000.jsonl.gz", "report.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_what_is_written_is_a_corpus_that_nothing_more_is_taken_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaned, "PART", 1500)
    report = clean(corpus(tmp_path / "in", mixed_pages()), tmp_path / "out")
    assert len(report["parts"]) > 3 and report["parts"][1] == "part-00001.jsonl.gz"
    assert {row["source"] for row in rows(tmp_path / "out")} == {"pages.jsonl"}
    again = Corpus(tmp_path / "out")
    assert [path.name for path in again.files] == report["parts"]
    second = clean(again, tmp_path / "again")
    assert second["read"]["documents"] == second["written"]["documents"] == report["written"]["documents"]


def test_readme_tells_every_rule_in_words(tmp_path: Path) -> None:
    clean(corpus(tmp_path / "in", mixed_pages()), tmp_path / "out")
    shown = (tmp_path / "out" / "README.md").read_text("utf-8")
    for rule in LINE_RULES:
        assert f"| {rule.name} | {rule.takes}: " in shown
    assert "of the characters are left." in shown and "    Turn your javascript on for this page." in shown


def test_a_failure_leaves_nothing_and_the_old_result_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, out = corpus(tmp_path / "in", mixed_pages()), tmp_path / "out"

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_report", fail)
        with pytest.raises(ServiceError, match="No space"):
            clean(given, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    clean(given, out)
    old = (out / "report.json").read_bytes()
    with pytest.raises(DataError):
        clean(corpus(tmp_path / "in", ["nothing"]), out)
    assert (out / "report.json").read_bytes() == old
    clean(corpus(tmp_path / "in", [page(5)]), out)  # a cleaned corpus may be replaced
    assert (out / "report.json").read_bytes() != old


def refused(run: Callable[[], object], *facts: str, kind: type[HeedfulError] = DataError) -> None:
    with pytest.raises(kind) as caught:
        run()
    for fact in facts:
        assert fact in str(caught.value), caught.value


def test_bad_places_and_empty_results_are_refused(tmp_path: Path) -> None:
    given = corpus(tmp_path / "in", [page(1)])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    refused(lambda: clean(given, tmp_path / "full"), "holds something else", "Name a new folder")
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"
    whole = Corpus(tmp_path / "in")
    refused(lambda: clean(whole, tmp_path / "in" / "out"), "lie in one another")
    text = tmp_path / "book.txt"
    text.write_text(page(1) + "\nThis { takes all of it.\n")
    refused(
        lambda: clean(Corpus(text), tmp_path / "out"),
        "none of 1 documents", "'curly bracket' took 1", "This {", "--skip 'curly bracket'",
        "--documents paragraph",
    )  # fmt: skip
    blank = corpus(tmp_path / "blank", ["", " "])
    refused(lambda: clean(blank, tmp_path / "out"), "no document with text")
    assert not (tmp_path / "out").exists()


def test_a_second_run_into_one_folder_is_refused(tmp_path: Path) -> None:
    given, place = corpus(tmp_path / "in", [page(1)]), tmp_path / ".out.lock"
    place.mkdir()
    with (place / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        refused(lambda: clean(given, tmp_path / "out"), "is being written by another run")
    clean(given, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_english_prose_keeps_its_prose(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    report = clean(Corpus(shared_data("english/valid.txt.gz"), documents="paragraph"), tmp_path / "out")
    assert 0.3 < report["written"]["characters"] / report["read"]["characters"] < 0.9
    assert report["rules"]["end mark"]["examples"] and report["rules"]["few sentences"]["documents"] > 100
