"""A process that makes mutated folders, loads them, and says how each load went: a JSON line for each number.

Used as `python mutation_worker.py BASES SCRATCH`; on standard input come an empty line when the bases are
written, then numbers (each perhaps with a kind).
"""

import ctypes
import gc
import json
import resource
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from bad_weights import ERROR, SAME, canary
from mutation_bases import flat, stored
from mutations import SENTENCE, Mutation, mutate
from safetensors.torch import load_file

from heedful.checkpoint.folder import load_transformer
from heedful.core.model import Transformer
from heedful.errors import HeedfulError
from heedful.tasks.embed import SentenceEncoder

MOST_SECONDS, MOST_MEGABYTES = 2, 200  # of a load
MOST_MEMORY = 6 << 30  # of addresses, so that a failure cannot take the machine down
SIZES = {  # model_type: keys of vocabulary, width, hidden, depth
    "bert": ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers"),
    "roberta": ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers"),
    "gpt2": ("vocab_size", "n_embd", "n_inner", "n_layer"),
    "llama": ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers"),
    "t5": ("vocab_size", "d_model", "d_ff", "num_layers"),
    "bart": ("vocab_size", "d_model", "encoder_ffn_dim", "encoder_layers"),
    "marian": ("vocab_size", "d_model", "encoder_ffn_dim", "encoder_layers"),
    "vit": ("", "hidden_size", "intermediate_size", "num_hidden_layers"),
    "whisper": ("", "d_model", "encoder_ffn_dim", "encoder_layers"),
}
RUNS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "ctypes.dlopen",
    "pty.spawn",
)


@dataclass
class Record:
    """How one load went; `problem` is empty if all is as it should be."""

    mutation: Mutation
    outcome: str = ""
    problem: str = ""
    message: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0
    executed: bool = False


@dataclass
class Base:
    """A base as it loads unmutated, and for each parameter the place in the file of each of its values."""

    parameters: dict[str, torch.Tensor]
    places: dict[str, torch.Tensor]
    tensors: dict[str, torch.Tensor]


class Watch:
    """Counts what is started, and every import from the folder, while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self.see)

    def see(self, event: str, _: tuple[Any, ...]) -> None:
        """Note an event that no load may cause."""
        if self.on and event.startswith(RUNS):
            self.seen.append(event)


def load(folder: Path, base: str, pickle: bool) -> Transformer | SentenceEncoder:
    """Load a folder as users do."""
    if base == SENTENCE and not pickle:
        return SentenceEncoder.load(folder)
    return load_transformer(folder, pickle=pickle).transformer


def read_base(folder: Path) -> Base:
    """Load a base and its copy with numbered values."""
    numbered = load_transformer(folder.parent / f"{folder.name}.probe").transformer.state_dict()
    places = {name: value.long() for name, value in numbered.items()}
    return Base(load_transformer(folder).transformer.state_dict(), places, stored(folder))


def status(name: str) -> int:
    """Return a line of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))


def values(folder: Path, base: Base) -> torch.Tensor:
    """Return the values of a folder's tensors in the order of the base's, NaN where one is missing."""
    where, found = flat(base.tensors), stored(folder)
    whole = torch.full((1 + sum(where.sizes.values()),), float("nan"))
    whole[0] = 0
    for name, begin in where.starts.items():
        prefixes = ("", "bert.", "roberta.", "transformer.", "model.", "vit.")
        others = [prefix + name for prefix in prefixes] + [name.removeprefix(prefix) for prefix in prefixes]
        stands = next((other for other in others if other in found), None)
        if stands is not None and found[stands].numel() == where.sizes[name]:
            whole[begin : begin + where.sizes[name]] = found[stands].float().flatten()
    return whole


def differences(model: Transformer | SentenceEncoder, folder: Path, base: Base, pickle: bool) -> str:
    """Say in what a loaded model is not what its files say; nothing where it is."""
    if isinstance(model, SentenceEncoder):
        return differences(model.transformer, folder, base, pickle) or others(model, folder)
    known = None if pickle else values(folder, base)
    for name, found in model.state_dict().items():
        if found.device.type != "cpu" or found.dtype != torch.float32 or not found.isfinite().all():
            return f"{name} is {found.dtype} on {found.device}, or not finite"
        if known is None or name not in base.places or base.places[name].shape != found.shape:
            continue
        expected = known[base.places[name]]
        missing = expected.isnan().all() and not found.any()  # a bias that may be absent
        if not (torch.equal(found, expected) or missing):
            return f"{name} is not what the file holds"
    return sizes(model, json.loads((folder / "config.json").read_text()))


def others(encoder: SentenceEncoder, folder: Path) -> str:
    """Say which map after the pooling is not what its file holds."""
    held = (
        load_file(folder / "2_Dense" / "model.safetensors") if len(list(encoder.after.parameters())) else {}
    )
    for name, found in encoder.after.named_parameters():
        stands = held[name.partition(".")[2]]
        exact = stands.dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
        if not exact or not found.isfinite().all() or not torch.equal(found, stands.float()):
            return f"{name} after the pooling is not what its file holds, or not finite"
    return ""


def sizes(model: Transformer, config: dict[str, Any]) -> str:
    """Say which size of a model is not what its config says."""
    vocab, width, hidden, depth = SIZES.get(config["model_type"], ("", "", "", ""))
    stack = model.encoder or model.decoder
    assert stack is not None
    found = {width: stack.blocks[0].attention.query.weight.shape[1], depth: len(stack.blocks),
             hidden: stack.blocks[0].feedforward.up.weight.shape[0]}  # fmt: skip
    if vocab:
        found[vocab] = len(stack.input.token.weight)
    wrong = [
        key for key, size in found.items() if key and config.get(key) is not None and config[key] != size
    ]
    return f"{wrong} are not as config.json says" if wrong else ""


def unequal(model: Transformer | SentenceEncoder, base: Base) -> str:
    """Say in what a model differs from the unmutated one."""
    found = (model.transformer if isinstance(model, SentenceEncoder) else model).state_dict()
    if found.keys() != base.parameters.keys():
        return "it has other parameters than without the mutation"
    return next((name for name, value in base.parameters.items() if not torch.equal(value, found[name])), "")


def run(record: Record, folder: Path, watch: Watch) -> Transformer | SentenceEncoder | None:
    """Load the folder and note how long that took, what memory, and how it ended."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, begin, model = status("VmRSS"), time.perf_counter(), None
    watch.on = True
    try:
        model = load(folder, record.mutation.base, record.mutation.pickle)
        record.outcome = "loaded"
    except HeedfulError as problem:
        record.outcome, record.message = type(problem).__name__, str(problem)
    except BaseException as problem:
        record.outcome, record.problem = "foreign", f"{type(problem).__name__}: {problem}"[:500]
    watch.on = False
    record.seconds = time.perf_counter() - begin
    record.megabytes = (status("VmHWM") - before) / 1e6
    return model


def judge(record: Record, model: Transformer | SentenceEncoder | None, folder: Path, base: Base) -> str:
    """Say what is wrong with how a load ended."""
    meant = record.mutation.meant
    if record.executed:
        return "something was executed"
    if record.seconds > MOST_SECONDS or record.megabytes > MOST_MEGABYTES:
        return f"{record.seconds:.2f} s, {record.megabytes:.0f} MB"
    if model is None:
        return f"refused: {record.message[:300]}" if meant == SAME and not record.problem else record.problem
    if meant == ERROR:
        return "loaded what must be refused"
    if meant == SAME:
        return unequal(model, base)
    return differences(model, folder, base, record.mutation.pickle)


def trial(number: int, kind: str, bases: Path, scratch: Path, known: dict[str, Base], watch: Watch) -> Record:
    """Mutate, load, judge."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / "bases").symlink_to(bases)
    folder = scratch / "model"
    record = Record(mutate(number, bases, folder, kind))
    if record.mutation.base not in known:
        known[record.mutation.base] = read_base(bases / record.mutation.base)
    base = known[record.mutation.base]
    watch.seen.clear()
    model = run(record, folder, watch)
    if record.seconds > MOST_SECONDS:  # again, in case it was another process that took the time
        first = record.megabytes
        model = run(record, folder, watch)
        record.megabytes = max(first, record.megabytes)
    record.executed = canary(folder).exists() or bool(watch.seen)
    record.problem = judge(record, model, folder, base)
    return record


def main(bases: Path, scratch: Path) -> None:
    """Answer every line of standard input with one of standard output."""
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    known: dict[str, Base] = {}
    watch = Watch()
    sys.stdin.readline()  # all is imported; the bases may not be written yet
    for base in ("bert", SENTENCE):  # what is loaded once is no cost of a mutation
        load(bases / base, base, False)
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        number, _, kind = line.strip().partition(" ")
        record = trial(int(number), kind, bases, scratch, known, watch)
        print("\x1e" + json.dumps(asdict(record)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
