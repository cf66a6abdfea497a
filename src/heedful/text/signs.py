"""What the writing of a token tells: is it special, does it begin a word, does it end a sentence?"""

import json

from heedful.text.tokenizer import Tokenizer
from heedful.text.unigram import BLANK

SPACES = "ĠĊĉčċČ"  # how byte-level tokenizers write a blank, line end, tab and so on
STOPS = (".", "!", "?", "。", "！", "？")
CLOSING = "\"'”’»)]" + SPACES


def written(tokenizer: Tokenizer) -> list[str | None]:
    """Return how each token is written; None for special ones, and for ids without a token: V."""
    texts: list[str | None] = [None] * tokenizer.vocab
    for token, id in tokenizer.engine.get_vocab(with_added_tokens=True).items():
        texts[id] = token
    for id, added in tokenizer.engine.get_added_tokens_decoder().items():
        if added.special:
            texts[id] = None
    for id in tokenizer.around:
        texts[id] = None
    return texts


def ordinary(tokenizer: Tokenizer) -> list[bool]:
    """Return which ids are tokens of texts, not special ones: V."""
    return [text is not None for text in written(tokenizer)]


def begins_word(tokenizer: Tokenizer) -> list[bool]:
    """Return which tokens begin a word: V. Special tokens do.

    WordPiece marks the tokens that go on; byte-level and SentencePiece ones carry the blank before a word, so
    that a word after a line end or a bracket counts as going on. Where no token carries a blank (`char`), it
    does not tell what stands before it: each counts as a word.
    """
    rules = json.loads(tokenizer.text)
    model = rules["model"]
    setup = json.dumps([rules.get(part) for part in ("normalizer", "pre_tokenizer", "decoder")])
    texts = written(tokenizer)
    if model.get("type") == "WordPiece":
        goes_on = model.get("continuing_subword_prefix", "##")
        return [text is None or not text.startswith(goes_on) for text in texts]
    if '"ByteLevel"' in setup:
        return [text is None or text.startswith(tuple(SPACES)) for text in texts]
    if json.dumps(BLANK)[1:-1] in setup:
        return [text is None or text.startswith((BLANK, "\n")) for text in texts]
    return [True] * len(texts)


def ends_sentence(tokenizer: Tokenizer) -> list[bool]:
    """Return which tokens end in a full stop, a question or exclamation mark, closing quotes aside: V."""
    return [text is not None and text.rstrip(CLOSING).endswith(STOPS) for text in written(tokenizer)]
