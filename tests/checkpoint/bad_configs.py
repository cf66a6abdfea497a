"""Ways to damage config.json, and files beside it that want to be run."""

import json
import random
from pathlib import Path
from typing import Any

from bad_weights import EITHER, SAME, canary, flipped

NASTY: tuple[Any, ...] = (
    0, -1, -(2**31), 2**31, 2**31 - 1, 2**32, 2**63, 10**30, 10**4000, 1e308, -1e308, 0.5, 1e-320,
    float("nan"),
    float("inf"), True, False, None, "", "16", "x" * 100_000, "\ud800", "\0", "\n", [], [1], {}, {"a": 1},
    [[[]]], 1, 2, 3, 7, 17,
    1000, 1001, 10**6, "gelu", "absolute", ["full_attention"] * 2, {"rope_type": "yarn"}, [None] * 1000,
)  # fmt: skip
NAMES = ("bert", "roberta", "gpt2", "llama", "mistral", "qwen2", "t5", "bart", "mbart", "marian", "vit",
"whisper", "albert",
         "mamba", "deberta-v2", "BERT", "", None, 7, [], {}, "../bert", "os", "__import__('os')",
         "x" * 10**5)  # fmt: skip
CLASSES = (None, [], [None], [7], "BertModel", ["BertModel"], ["BertForMaskedLM"], ["os.system"], {},
["GPT2LMHeadModel"],
           ["T5EncoderModel"], ["x" * 10**5], ["BertForQuestionAnswering"], ["ViTModel"])  # fmt: skip
SIZES = ("hidden_size", "d_model", "n_embd", "num_hidden_layers", "num_layers", "n_layer", "encoder_layers",
"decoder_layers",
         "intermediate_size", "d_ff", "encoder_ffn_dim", "vocab_size", "max_position_embeddings",
         "n_positions", "n_inner",
         "num_attention_heads", "num_heads", "n_head", "head_dim", "d_kv", "image_size", "patch_size",
         "num_channels",
         "num_mel_bins", "max_source_positions", "type_vocab_size", "relative_attention_num_buckets",
         "num_labels",
         "num_decoder_layers", "num_key_value_heads", "relative_attention_max_distance",
         "encoder_attention_heads",
         "max_target_positions", "decoder_vocab_size", "decoder_ffn_dim",
         "decoder_attention_heads")  # fmt: skip
LARGE = (2**31, 2**31 - 1, 10**6, 2**30, 2**16, 1000, 999)


def read(folder: Path) -> dict[str, Any]:
    """Return the config."""
    found: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return found


def write(folder: Path, config: object) -> None:
    """Replace the config; a whole number too long for JSON's reader is one of the tests."""
    (folder / "config.json").write_text(json.dumps(config))


def value(folder: Path, rng: random.Random) -> str:
    """One to four values of another kind, half of the time in keys that matter."""
    config = read(folder)
    for _ in range(rng.choice((1, 1, 2, 4))):
        known = [key for key in SIZES if key in config]
        config[rng.choice((rng.choice(known), rng.choice(sorted(config))))] = rng.choice(NASTY)
    write(folder, config)
    return EITHER


def inner_value(folder: Path, rng: random.Random) -> str:
    """A value inside of one of the objects that some families read."""
    config = read(folder)
    owner = rng.choice(("rope_parameters", "rope_scaling", "id2label", "label2id", "text_config"))
    inner = config.get(owner)
    inner = dict(inner) if isinstance(inner, dict) else {}
    key = rng.choice([*inner, "rope_type", "rope_theta", "factor", "low_freq_factor", "high_freq_factor",
    "type", "0",
                      "original_max_position_embeddings"])  # fmt: skip
    inner[key] = rng.choice(NASTY)
    write(folder, {**config, owner: inner})
    return EITHER


def missing(folder: Path, rng: random.Random) -> str:
    config = read(folder)
    for key in rng.sample(sorted(config), rng.choice((1, 2, 5))):
        del config[key]
    write(folder, config)
    return EITHER


def extra(folder: Path, rng: random.Random) -> str:
    strange = {f"key {i}": rng.choice(NASTY[:8]) for i in range(rng.choice((1, 10, 10_000)))}
    write(folder, {**strange, "\0": {}, "__proto__": [], "self": 1, "kwargs": {"a": 2}, **read(folder)})
    return SAME


def duplicate(folder: Path, rng: random.Random) -> str:
    """The same key twice: the last one counts, as in Python's reader."""
    config = read(folder)
    key = rng.choice(sorted(config))
    first, last = json.dumps({key: rng.choice(NASTY[:8])})[1:-1], json.dumps(config)[1:]
    (folder / "config.json").write_text("{" + first + ", " + last)
    return SAME


def deep(folder: Path, rng: random.Random) -> str:
    size = rng.choice((500, 5000, 100_000, 1_000_000))
    start, end = rng.choice((("[", "]"), ('{"a":', "}")))
    inner = start * size + ("1" if start != "[" else "") + end * size
    whole = '{"deep": ' + inner + ", " + json.dumps(read(folder))[1:]
    (folder / "config.json").write_text(rng.choice((inner, whole, start * size)))
    return EITHER


def large(folder: Path, rng: random.Random) -> str:
    """Sizes that would take all the memory or all the time if they were believed."""
    config = read(folder)
    known = [key for key in SIZES if key in config]
    for key in rng.choice(([rng.choice(known)], rng.sample(known, 3), known)):
        config[key] = rng.choice(LARGE)
    write(folder, config)
    return EITHER


def broken(folder: Path, rng: random.Random) -> str:
    path = folder / "config.json"
    raw = path.read_bytes()
    text = raw.decode()
    ways = (raw[: rng.randrange(len(raw))], b"", b"\0" * 100, b"\xff\xfe" + text.encode("utf-16-le"),
    b"\xef\xbb\xbf" + raw,
            text.encode("utf-32"), b"[1]", b"null", b"7", b'"x"', b"1" * 5000, raw + raw, raw.replace(b'"',
            b"'"),
            flipped(raw, rng, 0, len(raw)), flipped(raw, rng, 0, len(raw)), rng.randbytes(1000))  # fmt: skip
    path.write_bytes(rng.choice(ways))
    return EITHER


def another(folder: Path, rng: random.Random) -> str:
    """The config says another family, or another class of models."""
    config = read(folder)
    if rng.random() < 0.6:
        config["model_type"] = rng.choice(NAMES)
    if rng.random() < 0.6:
        config["architectures"] = rng.choice(CLASSES)
    if rng.random() < 0.2:
        others = [path for path in folder.parent.glob("bases/*") if not path.name.endswith(".probe")]
        config = read(rng.choice(sorted(others)))
    write(folder, config)
    return EITHER


def code(folder: Path, rng: random.Random) -> str:
    """All that makes other libraries import or run a file of the folder."""
    program = f"open({str(canary(folder))!r}, 'w').write('run')\n"
    names = ("modeling_x.py", "configuration_x.py", "tokenization_x.py", "__init__.py", "sitecustomize.py",
    "heedful.py",
             "conftest.py", "setup.py", "custom_st.py", "torch.py")  # fmt: skip
    for name in names:
        (folder / name).write_text(program)
    home = rng.choice(("", "evil/x--", str(folder) + "--"))
    auto = {
        kind: f"{home}modeling_x.{kind}"
        for kind in ("AutoModel", "AutoConfig", "AutoTokenizer", "AutoModelForMaskedLM")
    }
    hostile = {
        "auto_map": auto, "trust_remote_code": True, "custom_pipelines": {"x": {"impl": "modeling_x.X"}},
        "__import__": "modeling_x", "__reduce__": ["os.system", f"touch {canary(folder)}"],
        "_name_or_path": str(folder),
        "quantization_config": {"quant_method": "modeling_x"},
        "torch_dtype": f"__import__('os').system('touch {canary(folder)}')",
        "transformers_weights": "../../x", "base_model_name_or_path": "evil/x", "_target_": "os.system",
    }  # fmt: skip
    write(folder, {**read(folder), **hostile})
    return SAME


def huge(folder: Path, rng: random.Random) -> str:
    """Megabytes of JSON that take many times their size in memory."""
    pieces = ("[],", '{"":0},', '"ab",', "0.1,", "{},", '"x\U0001f600",')
    size = rng.choice((1, 5, 60, 65)) << 20
    piece = rng.choice(pieces)
    many = "[" + piece * (size // len(piece)) + "0]"
    (folder / "config.json").write_text('{"more": ' + many + ", " + json.dumps(read(folder))[1:])
    return EITHER


CONFIGS = {
    "config values": value, "config inner values": inner_value, "config lacks keys": missing,
    "config extra keys": extra,
    "config duplicate keys": duplicate, "config deep": deep, "config large sizes": large,
    "config broken": broken,
    "config of another": another, "code beside the config": code,
}  # fmt: skip
HEAVY_CONFIGS = {"config huge": huge}
