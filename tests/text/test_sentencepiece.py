"""SentencePiece's files against the library itself and the tokenizers of transformers that read them."""

import gzip
import io
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.checkpoint.folder import load_tokenizer
from heedful.errors import TokenizerError
from heedful.text.sentencepiece import has_pieces, load_pieces, marian_text, read_model
from heedful.text.tokenizer import UNCUT, Tokenizer

library = pytest.importorskip("sentencepiece")
transformers = pytest.importorskip("transformers")

ENGLISH = ["a man is walking", "two dogs run over the green grass", "the man rides a red bike", "a red dog"]
GERMAN = ["ein mann läuft", "zwei hunde rennen über das grüne gras", "der mann fährt rad", "ein roter hund"]
ODD = [
    "", "  ", "a  man ", "  two dogs\t run", "line\nbreak\r\nx", "Ｆｕｌｌ　ｗｉｄｔｈ １２", "😀👨‍👩‍👧 1️⃣ x",
    "русский текст", "漢字 カタカナ ｶﾞ", "ﬁne ½ ①", "▁a ▁", "a ▁ man", "▁", " </s> x", "a</s>b <unk> <pad> c",
    "<s> x", ">>deu<< a man", ">>deu<<a man", "x \u200b y\u200d z \ufeff", "e\u0301 o\u0308 ü über ßü",
    "مرحبا", "กำ ไทย", "हिन्दी", "\x00 \x01 nul \u2063 x\ue000y", "… “q” ‘r’ – —", "a" * 60, "xqzj QXZ 😀😀",
    "a\u00a0b\u2003c", "＜/s＞ a", "äh läü",
]  # fmt: skip


def trained(texts: list[str], size: int, **more: Any) -> bytes:
    """Return a model file learned from texts."""
    given = {"model_writer": io.BytesIO(), "sentence_iterator": iter(texts), "vocab_size": size, **more}
    library.SentencePieceTrainer.train(minloglevel=2, num_threads=1, hard_vocab_limit=False, **given)
    return bytes(given["model_writer"].getvalue())


def pieces(data: bytes) -> list[str]:
    model = library.SentencePieceProcessor(model_proto=data)
    return [model.id_to_piece(id) for id in range(model.get_piece_size()) if not model.is_control(id)]


def marian_folder(folder: Path, source: bytes, target: bytes, without: tuple[str, ...] = ()) -> Path:
    """Write the files that a folder of OPUS-MT has."""
    folder.mkdir(exist_ok=True)
    (folder / "source.spm").write_bytes(source)
    (folder / "target.spm").write_bytes(target)
    named = dict.fromkeys(["</s>", "<unk>", ">>deu<<", *sorted({*pieces(source), *pieces(target)}), "<pad>"])
    listed = [token for token in named if token not in without]
    (folder / "vocab.json").write_text(json.dumps({token: id for id, token in enumerate(listed)}))
    (folder / "config.json").write_text(json.dumps({"model_type": "marian", "vocab_size": len(listed)}))
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, target = trained(ENGLISH, 60), trained(GERMAN, 60)
    return marian_folder(tmp_path_factory.mktemp("spm") / "small", source, target)


def lines(path: Path, most: int) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line, _ in zip(file, range(most), strict=False)]


def check_equal(folder: Path, texts: list[str], targets: list[str]) -> None:
    theirs, ours = transformers.MarianTokenizer.from_pretrained(folder), load_pieces(folder, UNCUT)
    assert ours.encode(texts).ids == [theirs(text).input_ids for text in texts]
    for ids in [*theirs(texts).input_ids, *theirs(text_target=targets).input_ids]:
        assert ours.engine.decode(ids) == theirs.decode(ids, skip_special_tokens=True)


@pytest.mark.filterwarnings("ignore:Recommended")
def test_marian_cuts_and_joins_odd_texts_as_its_own_tokenizer(small: Path) -> None:
    check_equal(small, ODD + ENGLISH + GERMAN, GERMAN + ODD)


@pytest.mark.filterwarnings("ignore:Recommended")
@pytest.mark.parametrize("rule", ["nmt_nfkc", "nmt_nfkc_cf", "identity"])
def test_marian_cuts_and_joins_real_sentences_as_its_own_tokenizer(
    rule: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    english = lines(shared_data("multi30k/train.en.gz"), 1000)
    german = lines(shared_data("multi30k/train.de.gz"), 1000)
    more = {"normalization_rule_name": rule, "character_coverage": 0.9995}
    folder = marian_folder(tmp_path, trained(english, 600, **more), trained(german, 600, **more))
    unseen = [lines(shared_data(f"multi30k/test_2016_flickr.{kind}.gz"), 300) for kind in ("en", "de")]
    check_equal(folder, [*unseen[0], *unseen[1], *ODD], unseen[1])


@pytest.mark.filterwarnings("ignore:Recommended")
def test_marian_agrees_on_texts_at_random(small: Path) -> None:
    chance, signs = random.Random(0), "a man  läöß漢字😀Ａ１ﬁ½\u00a0\u3000рус.,\t\nK™…x▁"
    texts = ["".join(chance.choices(signs, k=chance.randint(1, 25))) for _ in range(400)]
    check_equal(small, texts, texts)


def test_a_piece_that_the_vocabulary_lacks_is_cut_into_others_or_unknown(tmp_path: Path) -> None:
    source, text = trained(ENGLISH, 60), "the man rides a red bike"
    whole = load_pieces(marian_folder(tmp_path / "a", source, source), UNCUT)
    word = next(token for token in whole.engine.encode(text).tokens if len(token) > 1 and token != "</s>")
    fewer = load_pieces(marian_folder(tmp_path / "b", source, source, ("k", word)), UNCUT)
    found = fewer.engine.encode(text)
    assert word not in found.tokens and fewer.engine.token_to_id(word) is None
    assert found.ids[found.tokens.index("k")] == fewer.engine.token_to_id("<unk>")
    assert fewer.engine.decode(found.ids) == text.replace("k", "")


def test_what_is_saved_opens_again_here_and_in_transformers(small: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((small / "config.json").read_text())
    ours = load_tokenizer(small, UNCUT)
    ours.save(tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in ENGLISH:
        assert load_tokenizer(tmp_path, UNCUT).encode([text]).ids[0] == theirs(text).input_ids
        assert ours.encode([text]).ids[0] == theirs(text).input_ids
    assert theirs.pad_token == "<pad>" and theirs.eos_token == "</s>"


@pytest.fixture(scope="module")
def spiece() -> bytes:
    """A model file with T5's special pieces."""
    return trained(ENGLISH + GERMAN, 70, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)


def test_t5_equals_the_conversion_of_transformers(spiece: bytes, tmp_path: Path) -> None:
    model = library.SentencePieceProcessor(model_proto=spiece)
    scores = [(model.id_to_piece(id), model.get_score(id)) for id in range(model.get_piece_size())]
    extra = [(f"<extra_id_{number}>", 0.0) for number in range(99, -1, -1)]
    charsmap = read_model(spiece, "it").charsmap
    theirs = transformers.T5Tokenizer(vocab=[*scores, *extra], _spm_precompiled_charsmap=charsmap)
    (tmp_path / "spiece.model").write_bytes(spiece)
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    (tmp_path / "tokenizer_config.json").write_text('{"extra_ids": 100}')
    ours = load_tokenizer(tmp_path, UNCUT)
    assert (
        ours.vocab == len(scores) + 100 and ours.companions["tokenizer_config.json"] == '{"extra_ids": 100}'
    )
    assert ours.engine.token_to_id("<extra_id_0>") == ours.vocab - 1
    for text in [*ODD, *ENGLISH, *GERMAN, "a <extra_id_0> man <extra_id_1>."]:
        ids = theirs(text).input_ids
        assert ours.encode([text]).ids[0] == ids, text
        assert ours.engine.decode(ids) == theirs.decode(ids, skip_special_tokens=True), text
    for text in ENGLISH + GERMAN:
        assert ours.encode([text]).ids[0] == [*model.encode(text), 1]


def test_a_file_is_read_as_the_library_reads_it(spiece: bytes) -> None:
    model, found = library.SentencePieceProcessor(model_proto=spiece), read_model(spiece, "it")
    assert [piece.text for piece in found.pieces] == [
        model.id_to_piece(id) for id in range(len(found.pieces))
    ]
    assert [piece.score for piece in found.pieces] == [model.get_score(id) for id in range(len(found.pieces))]
    assert found.unknown == model.unk_id() and found.prefixed and found.tidy and found.charsmap


@pytest.mark.parametrize("more", [{"model_type": "bpe"}, {"byte_fallback": True}, {"model_type": "char"}])
def test_other_kinds_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(TokenizerError, match=r"x\.model is no SentencePiece model"):
        read_model(trained(ENGLISH, 400 if "byte_fallback" in more else 40, **more), "x.model")


@pytest.mark.parametrize("score", [float("nan"), float("-inf")])
def test_scores_must_be_numbers(score: float) -> None:
    entry = b"\x0a\x01a\x15" + struct.pack("<f", score)
    with pytest.raises(TokenizerError, match="no score"):
        read_model(b"\x0a" + bytes([len(entry)]) + entry, "it")


@given(data=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(TokenizerError, match=r"^it is no SentencePiece model"):
        read_model(data, "it")


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_makes_a_tokenizer_or_a_tokenizer_error(spiece: bytes, data: st.DataObject) -> None:
    broken = bytearray(
        spiece[: data.draw(st.integers(0, len(spiece)))] if data.draw(st.booleans()) else spiece
    )
    edges = st.integers(0, min(3000, len(spiece))) | st.integers(len(spiece) - 1000, len(spiece))
    for place in data.draw(st.lists(edges, max_size=4)):
        if place < len(broken):
            broken[place] = data.draw(st.integers(0, 255))
    try:
        model = read_model(bytes(broken), "it")
    except TokenizerError as problem:
        assert "\n" not in str(problem) and len(str(problem)) < 400
    else:
        assert all(piece.text for piece in model.pieces)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vocab.json", "[]"),
        ("vocab.json", '{"</s>": 0, "<unk>": 2}'),
        ("vocab.json", '{"</s>": 0, "<unk>": true}'),
        ("vocab.json", '{"</s>": 0, "a": 1}'),
        ("vocab.json", "{" + '"a": 0, ' * 300_000),
        ("source.spm", "x" * 4_000_000),
        ("tokenizer_config.json", '{"separate_vocabs": true}'),
        ("tokenizer_config.json", "{"),
    ],
)
def test_damaged_folders_are_refused(small: Path, tmp_path: Path, name: str, content: str) -> None:
    for path in small.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_text(content)
    with pytest.raises(TokenizerError):
        load_tokenizer(tmp_path, UNCUT)


def test_tokenizer_json_comes_first(small: Path, tmp_path: Path) -> None:
    assert has_pieces(small) and not has_pieces(tmp_path)
    for path in small.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(TokenizerError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path, UNCUT)


def test_letters_of_the_target_are_known_one_by_one(small: Path) -> None:
    model = read_model((small / "source.spm").read_bytes(), "it")
    vocab = {token: id for id, token in enumerate(["</s>", "<unk>", "▁", "a", "ß", "漢字", "ßa", "▁ß"])}
    tokenizer = Tokenizer(marian_text(model, vocab), UNCUT)
    assert tokenizer.encode(["ß", "aßa", "漢字", "漢字漢", "ßß"]).ids == [
        [2, 4, 0], [2, 3, 4, 3, 0], [2, 5, 0], [2, 1, 0], [2, 1, 0]
    ]  # fmt: skip
    assert tokenizer.engine.decode([7, 6, 5, 0]) == "ßßa漢字"


@pytest.mark.filterwarnings("ignore:Recommended")
def test_a_translator_opens_and_translates_as_transformers_does(small: Path, tmp_path: Path) -> None:
    import torch

    from heedful.tasks.translate import Translator

    theirs = transformers.MarianTokenizer.from_pretrained(small)
    pad, size = theirs.pad_token_id, len(theirs)
    config = transformers.MarianConfig(
        vocab_size=size, decoder_vocab_size=size, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        max_position_embeddings=64, pad_token_id=pad, decoder_start_token_id=pad,
        eos_token_id=theirs.eos_token_id, forced_eos_token_id=None, bad_words_ids=[[pad]], init_std=0.6,
    )  # fmt: skip
    torch.manual_seed(1)
    model = transformers.MarianMTModel(config).eval()
    model.save_pretrained(tmp_path)
    theirs.save_pretrained(tmp_path)
    assert not (tmp_path / "tokenizer.json").exists()
    found, texts = Translator.load(tmp_path), ["a man runs", "two dogs", "a red bike", "green grass"]
    ours = [one.text for one in found.translate(texts, beams=2)]
    assert any(ours)
    for text, mine in zip(texts, ours, strict=True):
        ids = theirs(text, return_tensors="pt").input_ids
        most = 2 * ids.shape[1] + 16
        expected = model.generate(ids, num_beams=2, max_new_tokens=most, bad_words_ids=[[pad]])
        assert mine == theirs.decode(expected[0], skip_special_tokens=True)
