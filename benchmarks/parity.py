"""Every checkpoint family against the reference on tiny models; writes the table of docs/families.md."""

import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import write

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "families")]

from lines import code_lines  # noqa: E402
from test_parity import furthest, no_steps_down  # noqa: E402
from tiny import LENGTHS, TINY, inputs, make, ours, outputs  # noqa: E402

from heedful.checkpoint.folder import load_transformer, save_transformer  # noqa: E402
from heedful.families import FAMILIES  # noqa: E402

PAGE = ROOT / "docs" / "families.md"
BEGIN, END = "<!-- parity: begin -->", "<!-- parity: end -->"


def measure(name: str) -> dict[str, Any]:
    """Return the errors of one model in fp32 and fp64, and whether saving and loading give it back."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as again:
        model = make(name)
        model.save_pretrained(folder)
        loaded, given = load_transformer(Path(folder)), inputs(name)
        expected = outputs(name, model, given)
        single = furthest(ours(name, loaded.transformer, given), expected)
        save_transformer(loaded.transformer, loaded.form, Path(again))
        theirs = outputs(name, type(model).from_pretrained(again).eval(), given)
        twice = load_transformer(Path(again)).transformer.state_dict()
        same = all(torch.equal(value, twice[key]) for key, value in loaded.transformer.state_dict().items())
        wide = {key: x.double() if x.is_floating_point() else x for key, x in given.items()}
        with no_steps_down():
            exact = outputs(name, model.double(), wide)
        double = furthest(ours(name, loaded.transformer.double(), wide), exact)
        return {
            "family": loaded.form.family.name,
            "model": type(model).__name__,
            "fp32": single,
            "fp64": double,
            "saved_opens_equal": furthest(theirs, expected) == 0,
            "load_after_save_is_identity": same,
        }


def page(found: dict[str, Any]) -> str:
    """Return the section between the marks."""
    head = "| family | class of models | fp32 | fp64 | saved by us, opened by it | load after save |"
    rows = [
        "| {family} | `{model}` | {fp32:.0e} | {fp64:.0e} | {} | {} |".format(
            "equal" if one["saved_opens_equal"] else "differs",
            "identical" if one["load_after_save_is_identity"] else "differs",
            **one,
        )
        for one in found["models"]
    ]
    files = ", ".join(f"{name} {count}" for name, count in found["lines"]["families"].items())
    return "\n".join(
        [
            f"Largest difference from transformers {found['reference']} in states and scores, for a ragged "
            f"batch of {len(LENGTHS)} texts ({found['date']}):",
            "",
            head,
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "Lines of code (without blank lines, comments and docstrings): "
            f"`core/` {found['lines']['core']}; {files}.",
        ]
    )


def lines() -> dict[str, Any]:
    """Return the lines of code of the core and of each family's file."""
    home = ROOT / "src" / "heedful"
    core = sum(map(code_lines, (home / "core").glob("*.py")))
    files = {path.stem: code_lines(path) for path in sorted((home / "families").glob("[!_]*.py"))}
    return {"core": core, "families": files}


if __name__ == "__main__":
    import datetime

    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    models = sorted((measure(name) for name in TINY), key=lambda one: list(FAMILIES).index(one["family"]))
    figures = {"reference": transformers.__version__, "models": models, "lines": lines()}
    print(write("parity", figures))
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{page({**figures, 'date': date})}\n{END}{after}", encoding="utf-8")
