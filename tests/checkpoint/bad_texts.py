"""Ways to damage what a sentence encoder keeps beside its model: tokenizer, templates, modules, settings."""

import json
import random
from pathlib import Path
from typing import Any

from bad_configs import NASTY
from bad_weights import EITHER, SAME, canary, flipped, parts, put

BACKTRACKS = ("(a+)+$", "(a|a)*b", "(?:a*)*b", "((a{1,1000}){1,1000}){1,1000}", "(?<=a{1,99})b", "(" * 5000,
"a{100000}", "\\p{",
              "(?:(?:a{999}){999}){999}", "[" * 999, "(a?){1000}a{1000}", "(?R)", "\\g<0>")  # fmt: skip
REPLACE = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
START = {"type": "Replace", "pattern": {"Regex": "^"}, "content": "a" * 1000}


def read(folder: Path) -> dict[str, Any]:
    """Return the tokenizer's description."""
    found: dict[str, Any] = json.loads((folder / "tokenizer.json").read_text())
    return found


def write(folder: Path, tokenizer: object) -> None:
    """Replace it."""
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def broken(folder: Path, rng: random.Random) -> str:
    path = folder / "tokenizer.json"
    raw = path.read_bytes()
    ways = (raw[: rng.randrange(len(raw))], b"", b"{}", b"[]", b"null", b"\xff\xfe\x00", b"[" * 10**6,
    b'{"a":' * 10**6,
            flipped(raw, rng, 0, len(raw)), flipped(raw, rng, 0, len(raw)), raw + raw,
            b"7" * 5000)  # fmt: skip
    path.write_bytes(rng.choice(ways))
    return EITHER


def values(folder: Path, rng: random.Random) -> str:
    """Values of other kinds, anywhere in it."""
    tokenizer = read(folder)
    for _ in range(rng.choice((1, 1, 3))):
        place: Any = tokenizer
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = rng.choice(keys)
            if not isinstance(place[key], dict | list) or not place[key] or rng.random() < 0.3:
                place[key] = rng.choice(NASTY)
                break
            place = place[key]
    write(folder, tokenizer)
    return EITHER


def huge_ids(folder: Path, rng: random.Random) -> str:
    tokenizer = read(folder)
    size = rng.choice((40, 41, 10**6, 2**31, 2**32 - 1, 2**32, 10**30, -1))
    ways = rng.randrange(4)
    if ways == 0:
        tokenizer["model"]["vocab"][rng.choice(list(tokenizer["model"]["vocab"]))] = size
    elif ways == 1:
        tokenizer["added_tokens"][-1]["id"] = size
    elif ways == 2:
        tokenizer["post_processor"]["special_tokens"]["[CLS]"]["ids"] = [size]
    else:
        tokenizer["model"] = {
            "type": "WordLevel",
            "vocab": rng.choice(({}, {"a": size})),
            "unk_token": "[UNK]",
        }
        tokenizer["added_tokens"] = []
    write(folder, tokenizer)
    return EITHER


def patterns(folder: Path, rng: random.Random) -> str:
    """Patterns that never end, or grow when they are compiled; rules that double the text forty times."""
    tokenizer = read(folder)
    split = {
        "type": "Split",
        "pattern": {"Regex": rng.choice(BACKTRACKS)},
        "behavior": "Isolated",
        "invert": False,
    }
    bombs = {"type": "Sequence", "normalizers": [START, *[REPLACE] * 40]}
    regex = {"type": "Replace", "pattern": {"Regex": rng.choice(BACKTRACKS)}, "content": "x"}
    key, part = rng.choice((("pre_tokenizer", split), ("normalizer", regex), ("normalizer", bombs)))
    tokenizer[key] = part
    write(folder, tokenizer)
    return EITHER


def templates(folder: Path, rng: random.Random) -> str:
    """A post-processor that puts millions of tokens around every text, and the like."""
    tokenizer = read(folder)
    count, times = rng.choice(((10, 10), (30, 1), (1000, 1000), (100_000, 10_000), (1, 100_000)))
    piece = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
    template = {
        "type": "TemplateProcessing", "single": [piece] * times + [{"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [piece],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2] * count, "tokens": ["[CLS]"] * count}},
    }  # fmt: skip
    deep: dict[str, Any] = template
    for _ in range(rng.choice((0, 0, 40, 200))):
        deep = {"type": "Sequence", "processors": [deep]}
    tokenizer["post_processor"] = deep
    write(folder, tokenizer)
    return EITHER


def huge(folder: Path, rng: random.Random) -> str:
    """Megabytes of tokens, of merges, or of nothing."""
    tokenizer = read(folder)
    size = rng.choice((10, 23, 40, 65)) << 20
    way = rng.randrange(4)
    if way == 0:
        more = "{" + ",".join(f'"{i:x}":{i}' for i in range(size // 15)) + "}"
        text = json.dumps({**tokenizer, "model": {**tokenizer["model"], "vocab": "HERE"}}).replace(
            '"HERE"', more
        )
    elif way == 1:
        model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": "HERE"}
        text = json.dumps({**tokenizer, "model": model}).replace(
            '"HERE"', "[" + '["a","b"],' * (size // 10) + '["a","b"]]'
        )
    else:
        piece = ("[],", '{"":0},')[way - 2]
        text = '{"more": [' + piece * (size // len(piece)) + "0], " + json.dumps(tokenizer)[1:]
    (folder / "tokenizer.json").write_text(text)
    return EITHER


def chat(folder: Path, rng: random.Random) -> str:
    """Templates of a conversation, which nothing may render while it loads."""
    run = f"{{{{ cycler.__init__.__globals__.os.system('touch {canary(folder)}') }}}}"
    endless = "{% for i in range(10**9) %}{% for j in range(10**9) %}x{% endfor %}{% endfor %}"
    for text in rng.sample((run, endless, "{% include '/etc/passwd' %}", "{{" * 10**5), 2):
        (folder / "chat_template.jinja").write_text(text)
        (folder / "chat_template.json").write_text(json.dumps({"chat_template": text}))
        (folder / "tokenizer_config.json").write_text(
            json.dumps({"chat_template": text, "auto_map": {"AutoTokenizer": "x.X"}})
        )
    return SAME


def settings(folder: Path, rng: random.Random) -> str:
    name, key = rng.choice((("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json",
    "model_max_length"),
                            ("1_Pooling/config.json", "pooling_mode_mean_tokens"), ("1_Pooling/config.json",
                            "pooling_mode"),
                            ("2_Dense/config.json", "activation_function"), ("2_Dense/config.json",
                            "in_features")))  # fmt: skip
    path = folder / name
    raw = path.read_bytes()
    if not raw or rng.random() < 0.4:
        path.write_bytes(
            rng.choice(
                (
                    raw[:-3],
                    b"",
                    b"[]",
                    b"null",
                    b"7",
                    b'"x"',
                    b"[" * 10**5,
                    b"\xff",
                    flipped(raw, rng, 0, len(raw)),
                )
            )
        )
    else:
        path.write_text(json.dumps({**json.loads(raw), key: rng.choice(NASTY)}))
    return EITHER


def modules(folder: Path, rng: random.Random) -> str:
    listed = json.loads((folder / "modules.json").read_text())
    key = rng.choice(("type", "path", "path", "idx", "name"))
    places = (
        "../x",
        "/etc",
        "1_Pooling/../../x",
        "\0",
        "x" * 5000,
        "",
        ".",
        None,
        7,
        [],
        {},
        "2_Dense",
        "1_Pooling",
    )
    types = ("os.system", "sentence_transformers.models.LSTM", "modeling_x.X",
    "sentence_transformers.models.", None, 7, [],
             "builtins.exec", "sentence_transformers.models.Dense", "x" * 10**5)  # fmt: skip
    rng.choice(listed)[key] = rng.choice(types if key == "type" else places)
    whole = rng.choice((listed, listed, listed, listed, {}, None, 7, [7], [[]], [], listed * 1000, [listed]))
    (folder / "modules.json").write_text(json.dumps(whole))
    return EITHER


def dense(folder: Path, rng: random.Random) -> str:
    path = folder / "2_Dense" / "model.safetensors"
    header, data = parts(path)
    way = rng.randrange(6)
    if way == 0:
        path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])
    elif way == 1:
        path.write_bytes(flipped(path.read_bytes(), rng, 0, path.stat().st_size))
    elif way == 2:
        path.unlink()
    elif way == 3:
        header["linear.weight"]["shape"] = rng.choice(([16, 8], [128], [4, 32], [1, 1, 128], []))
        put(path, json.dumps(header), data)
    elif way == 4:
        header["linear.weight"]["dtype"] = header["linear.bias"]["dtype"] = rng.choice(("I32", "U32", "C64"))
        put(path, json.dumps(header), data)
    else:
        put(path, json.dumps(header), b"\xff" * len(data))  # NaN
    return EITHER


def manifest(folder: Path, rng: random.Random) -> str:
    names = ("../x", "/etc/passwd", "\0", "x" * 5000, "config.json", "", ".", "missing", "model.safetensors")
    files = {rng.choice(names): rng.choice(NASTY[:8])}
    whole = rng.choice(({"files": files}, {"files": files}, {"files": files}, {}, [], None, {"files": []}))
    (folder / "manifest.json").write_text(json.dumps(whole))
    return EITHER


def huge_beside(folder: Path, rng: random.Random) -> str:
    """A small file of settings that is none."""
    name = rng.choice(("modules.json", "manifest.json", "sentence_bert_config.json", "tokenizer_config.json",
    "1_Pooling/config.json",
                       "vocab.txt", "special_tokens_map.json"))  # fmt: skip
    piece = rng.choice(("[],", '{"":0},', '"x\U0001f600",'))
    (folder / name).write_text("[" + piece * ((rng.choice((3, 60, 63)) << 20) // len(piece.encode())) + "0]")
    return EITHER


TEXTS = {
    "tokenizer broken": broken, "tokenizer values": values, "tokenizer ids": huge_ids,
    "tokenizer patterns": patterns,
    "tokenizer templates": templates, "chat template": chat, "settings": settings, "modules.json": modules,
    "dense weights": dense, "manifest": manifest,
}  # fmt: skip
HEAVY_TEXTS = {"tokenizer huge": huge, "settings huge": huge_beside}
