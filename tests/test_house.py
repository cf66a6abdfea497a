"""The shape of the house: who imports whom, how long things are, what a start costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from lines import code_lines

SOURCE = Path(__file__).resolve().parent.parent / "src" / "heedful"
FILES = sorted(SOURCE.rglob("*.py"))
EVERYWHERE = {"errors", "types", "storage", "intervals", "artefact", "estimator"}
BELOW_TASKS = {
    "core",
    "families",
    "checkpoint",
    "catalogue",
    "text",
    "data",
    "report",
    "train",
    "generate",
    "compress",
}
MAY_IMPORT = {
    "errors": set(),
    "types": set(),
    "storage": {"errors"},
    "intervals": {"types"},
    "artefact": {"errors", "storage"},
    "estimator": {"errors", "types", "storage", "artefact"},
    "core": {"errors"},
    "catalogue": {"errors", "storage"},
    "text": {"errors"},
    "report": set(),
    "families": {"core.config", "errors"},
    "checkpoint": {"core", "families", "text", "catalogue"},
    "data": {"text", "catalogue"},
    "train": {"core", "data", "report"},
    "generate": {"core"},
    "kernels": {"core"},
    "compress": {"core", "kernels"},
    "explain": {"core", "checkpoint", "text", "report"},
    "search": {"text", "data"},  # it takes any encoder
    "tasks": {"baselines", "search", *BELOW_TASKS},
    "baselines": BELOW_TASKS,
    "label": {"data"},
    "topics": {"text", "report", "baselines.terms"},
    "models": {"tasks", "baselines", "checkpoint"},
    "lineage": {"core", "report", "baselines"},
    "compare": {"tasks", "baselines", "models", "report", *BELOW_TASKS},
}
OPEN = {"cli", "studio", "__init__", "__main__"}
FORBIDDEN_NAMES = {"utils", "common", "base", "helpers", "misc"}


def room(path: Path) -> str:
    """Return the folder or module of the house that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the dotted names under heedful that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "heedful":
            dotted = node.module.removeprefix("heedful").lstrip(".")
            found |= {dotted} if dotted else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("heedful.")]
            found |= {name.removeprefix("heedful.") for name in names}
    return found - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_knowledge_flows_up_only(path: Path) -> None:
    mine = room(path)
    if mine in OPEN:
        return
    allowed = MAY_IMPORT[mine] | (EVERYWHERE if mine not in EVERYWHERE else set())
    for name in imports(path):
        reached = name.split(".")[0]
        assert reached == mine or reached in allowed or name in allowed, f"{mine} imports {name}"


def test_nobody_imports_the_command_line_or_the_studio() -> None:
    for path in FILES:
        if room(path) not in OPEN:
            assert not {name.split(".")[0] for name in imports(path)} & {"cli", "studio"}, path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    limit = 300
    assert len(text.splitlines()) <= limit
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 40, f"{node.name} has {length} lines"


def test_names_and_depth_of_the_tree() -> None:
    for path in FILES:
        parts = path.relative_to(SOURCE).parts
        assert len(parts) <= 2, path
        assert path.stem not in FORBIDDEN_NAMES, path


@pytest.mark.parametrize("path", sorted((SOURCE / "core").glob("*.py")), ids=lambda path: path.name)
def test_the_core_knows_torch_and_nothing_else_from_outside(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            outside = name.split(".")[0]
            assert outside in {"torch", "heedful"} | set(sys.stdlib_module_names), name


def test_the_core_fits_one_sitting() -> None:
    assert sum(map(code_lines, (SOURCE / "core").glob("*.py"))) < 900


@pytest.mark.parametrize(
    "statement", ["import heedful", "import heedful.cli.main", "import heedful.catalogue"]
)
def test_a_start_is_light(statement: str) -> None:
    heavy = "{'torch', 'numpy', 'sklearn', 'duckdb', 'fastapi', 'tokenizers'}"
    code = f"import sys\n{statement}\nsys.exit(repr({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stderr.strip() == "set()"


def test_families_and_text_do_not_need_torch() -> None:
    code = (
        "import sys\nimport heedful.families, heedful.text.tokenizer\nsys.exit(repr('torch' in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stderr.strip() == "False"


def test_every_test_file_has_a_name_of_its_own() -> None:
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"pytest cannot tell them apart: {sorted(twice)}"
