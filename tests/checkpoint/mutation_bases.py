"""The folders that are mutated: tiny models of several families as their own libraries save them."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "families"))
from tiny import make

FAMILIES = ("bert", "roberta", "gpt2", "llama", "t5", "bart", "marian", "vit", "whisper")
SHARDED, SENTENCE = "bert-sequence", "bert-pooler"
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "bank", "of", "river", "##s", "a")
INDEX = "model.safetensors.index.json"


def build(home: Path) -> list[Path]:
    """Write every base folder under `home`, and beside each the same with numbered values (`probe`)."""
    folders = []
    for name in FAMILIES:
        make(name).save_pretrained(home / name)
        folders.append(home / name)
    make(SHARDED).save_pretrained(home / "sharded", max_shard_size=4000)
    assert len(list((home / "sharded").glob("*.safetensors"))) > 2
    make(SENTENCE).save_pretrained(home / "sentence")
    write_sentence(home / "sentence")
    folders += [home / "sharded", home / "sentence"]
    for folder in folders:
        probe(folder)
    return folders


def write_sentence(folder: Path) -> None:
    """Put what sentence-transformers puts beside a model: tokenizer, pooling, a dense map, a norm."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    engine = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    engine.add_special_tokens(list(WORDS[:5]))
    engine.normalizer = normalizers.BertNormalizer()
    engine.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    engine.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    engine.save(str(folder / "tokenizer.json"))
    kinds = ("Transformer", "Pooling", "Dense", "Normalize")
    modules = [
        {"idx": i, "name": str(i), "path": f"{i}_{kind}" * bool(i),
        "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(kinds)
    ]  # fmt: skip
    files: dict[str, object] = {
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True},
        "2_Dense/config.json": {"in_features": 16, "out_features": 8,
                                "activation_function": "torch.nn.modules.activation.Tanh"},
        "sentence_bert_config.json": {"max_seq_length": 20, "do_lower_case": False},
        "tokenizer_config.json": {"model_max_length": 20, "tokenizer_class": "BertTokenizer"},
    }  # fmt: skip
    for name, value in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value))
    dense = {"linear.weight": torch.randn(8, 16), "linear.bias": torch.randn(8)}
    save_file(dense, folder / "2_Dense" / "model.safetensors")


@dataclass(frozen=True)
class Flat:
    """Where each tensor of a base begins when all of them lie end to end; places count from 1."""

    starts: dict[str, int]
    sizes: dict[str, int]


def flat(tensors: dict[str, torch.Tensor]) -> Flat:
    """Lay a base's tensors end to end in the order of their names."""
    starts, begin = {}, 1
    for name in sorted(tensors):
        starts[name] = begin
        begin += tensors[name].numel()
    return Flat(starts, {name: tensors[name].numel() for name in tensors})


def probe(folder: Path) -> None:
    """Copy a base and give every stored value its own number, so that a load shows where each goes."""
    copy = Path(shutil.copytree(folder, folder.parent / f"{folder.name}.probe"))
    where = flat(stored(copy))
    for path in copy.glob("*.safetensors"):
        tensors = load_file(path)
        numbered = {
            name: torch.arange(where.starts[name],
            where.starts[name] + value.numel()).float().view(value.shape)
            for name, value in tensors.items()
        }  # fmt: skip
        save_file(numbered, path, metadata={"format": "pt"})


def stored(folder: Path) -> dict[str, torch.Tensor]:
    """Return a folder's tensors by the safetensors library alone."""
    if (folder / "model.safetensors").is_file():
        return load_file(folder / "model.safetensors")
    homes = json.loads((folder / INDEX).read_text())["weight_map"]
    files = {name: load_file(folder / name) for name in set(homes.values())}
    return {tensor: files[name][tensor] for tensor, name in homes.items()}
