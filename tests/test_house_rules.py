"""The house rules that a reader would otherwise have to take on trust, read off the source with `ast`.

Each rule names what breaks it and where; each exception is listed here with its reason.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.long import LONG

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("components", "rollout", "ops", "pipeline", "rehearsal", "images")

# What may be imported (by prefix) only in the files or folders beside it.
GATES = {
    "pulumi_aws": ("components/aws/",),
    "pulumi_docker": ("components/docker/",),
    "pulumi.automation": ("ops/stack.py", "ops/engine.py"),
    "boto3": (
        "components/aws/session.py",
        "rehearsal/aws_provider/cloud.py",
        "rehearsal/status.py",
    ),
    "moto": ("rehearsal/cloud/",),
    "pydantic": ("components/", "pipeline/settings.py", "pipeline/page/settings.py", "pipeline/senders.py"),
    "starlette": ("pipeline/",),
    "uvicorn": ("pipeline/",),
    "jinja2": ("pipeline/page/parts.py",),
    "argon2": ("pipeline/page/password.py",),
    "dxf": ("pipeline/registry.py",),
    "matplotlib": ("rehearsal/report.py", "rollout/reports/canvas.py"),
    "apprise": ("rollout/notify.py",),
}
# What a package never imports: each answers one question and knows nothing of who asks it.
STRANGERS = {
    "components": ("ops", "rehearsal", "tests"),
    "rollout": ("pulumi", "pulumi_aws", "pulumi_docker", "components", "ops", "rehearsal", "tests"),
    "ops": ("rehearsal", "tests"),
    "pipeline": ("pulumi", "pulumi_aws", "pulumi_docker", "ops", "rehearsal", "tests"),
    "rehearsal": ("tests",),
    "images": ("pulumi", "pulumi_docker", "components", "ops", "rehearsal", "tests"),
}
CONFIG = ("pulumi.Config", "pulumi.config", "pulumi.runtime.config")
CONFIG_READER = "components/settings.py"

LONGEST_FILE = 200
LONGER_FILES: dict[str, str] = {}
LONGEST_FUNCTION = 40
LONGER_FUNCTIONS: dict[str, str] = {}

SWALLOWS_ANYTHING = {
    "rehearsal/language_program.py": "whatever the user's program raises is shown to its user",
    "rehearsal/cloud/daemon.py": "a turn that fails is logged, and the next one tries again",
}
UNDOCUMENTED = {
    "rehearsal/language_host.py": "methods of a gRPC service, named and explained by its protocol",
    "rehearsal/provider/provider.py": "methods of Pulumi's Provider, explained there",
}
SHADOWS = ("operator", "platform", "signal", "select", "queue", "secrets", "resource", "code", "cmd", "types")
MACHINE_PATH = re.compile(r"""["'\s(=:]/((work|home|root|Users|private|mnt)\b|tmp/\w)""")


@cache
def sources() -> dict[str, ast.Module]:
    """Every source file but the tests, by its path from the project's root."""
    files = [ROOT / "__main__.py", *(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_bytes(), file) for file in sorted(files)}


@cache
def imports(path: str) -> list[str]:
    """Every module and name that *path* imports, written with dots."""
    names = []
    for node in ast.walk(sources()[path]):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return names


def comes_from(name: str, module: str) -> bool:
    """Whether the imported *name* is *module* or lies in it."""
    return name == module or name.startswith(f"{module}.")


def is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_attribute(node: ast.AST, of: str, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and is_named(node.value, of)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    said = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function, clean=False) is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - said


def public(tree: ast.Module | ast.ClassDef, of: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Public classes, functions and methods, by their dotted name."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield of + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{of}{node.name}.")


def components() -> Iterator[tuple[str, ast.Module, ast.ClassDef]]:
    """Each class of `components/` that is a ComponentResource, with its file."""
    for path, tree in sources().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and any("ComponentResource" in ast.unparse(base) for base in node.bases):
                yield path, tree, node


def constructor(component: ast.ClassDef) -> ast.FunctionDef:
    return next(node for node in component.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")


def is_class(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.ClassDef) and node.name == name


def assert_none(found: Iterable[str]) -> None:
    """Fail with every line of *found*."""
    lines = list(found)
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize("module", GATES)
def test_a_module_is_imported_only_behind_its_gate(module: str):
    allowed = GATES[module]
    assert_none(
        f"{path} imports {name}"
        for path in sources()
        for name in imports(path)
        if comes_from(name, module) and not path.startswith(allowed)
    )


@pytest.mark.parametrize("package", STRANGERS)
def test_a_package_knows_nothing_of_its_strangers(package: str):
    assert_none(
        f"{path} imports {name}"
        for path in sources()
        if path.startswith(f"{package}/")
        for name in imports(path)
        if any(comes_from(name, stranger) for stranger in STRANGERS[package])
    )


def test_imports_are_absolute():
    assert_none(f"{path} imports {name}" for path in sources() for name in imports(path) if name.startswith("."))


def test_config_is_read_in_one_place():
    readers = {
        path
        for path, tree in sources().items()
        if any(comes_from(name, one) for name in imports(path) for one in CONFIG)
        or any(is_attribute(node, "pulumi", "Config") for node in ast.walk(tree))
    }
    assert readers == {CONFIG_READER}


def test_a_package_file_holds_a_docstring_and_nothing_else():
    assert_none(path for path, tree in sources().items() if path.endswith("/__init__.py") and len(tree.body) != 1)


def test_every_module_says_what_it_is_for():
    assert_none(path for path, tree in sources().items() if not ast.get_docstring(tree))
    assert_none(str(file) for file in (ROOT / "tests").rglob("*.py") if not file.read_text().startswith('"""'))


def test_every_part_of_the_program_says_what_flows_in_and_out():
    assert_none(
        path
        for path, tree in sources().items()
        if path.startswith("components/") and not path.endswith("__init__.py")
        if not all(word in (ast.get_docstring(tree) or "") for word in ("In:", "Out:"))
    )


def test_a_file_holds_one_component_at_most():
    paths = [path for path, _, _ in components()]
    assert paths, "no component was found: this test looks for the wrong thing"
    assert sorted(set(paths)) == sorted(paths)


def test_a_components_arguments_stand_right_above_it():
    assert_none(
        f"{path}: {component.name}Args is not right above {component.name}"
        for path, tree, component in components()
        if f"{component.name}Args" in ast.unparse(constructor(component).args)
        if not is_class(tree.body[tree.body.index(component) - 1], f"{component.name}Args")
    )


def test_a_component_registers_its_outputs_last():
    assert_none(
        f"{path}: the constructor of {component.name} does not end in register_outputs"
        for path, _, component in components()
        if not ast.unparse(constructor(component).body[-1]).startswith("self.register_outputs(")
    )


def test_files_stay_small():
    lengths = {path: len((ROOT / path).read_bytes().splitlines()) for path in sources()}
    assert {path for path, lines in lengths.items() if lines > LONGEST_FILE} == set(LONGER_FILES)


def test_functions_stay_small():
    lengths = {f"{path}:{one.name}": length(one) for path, tree in sources().items() for one in functions(tree)}
    assert {name for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == set(LONGER_FUNCTIONS)


def test_nothing_prints_but_through_its_stream():
    assert_none(
        f"{path}:{node.lineno}: print"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and is_named(node.func, "print")
    )


def test_what_is_caught_is_named_or_raised_again():
    broad = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[-1], ast.Raise)
        if node.type is None or re.search(r"\b(Base)?Exception\b", ast.unparse(node.type))
    }
    assert broad == set(SWALLOWS_ANYTHING)


def test_what_is_public_is_explained():
    assert_none(
        f"{path}: {name}"
        for path, tree in sources().items()
        if path not in UNDOCUMENTED
        for name, node in public(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not ast.get_docstring(node)
    )


def test_no_path_of_one_machine_is_written_down():
    files = [*sources(), "Makefile", ".ci/run", "Pulumi.yaml", "Pulumi.dev.yaml", "README.md", "CONTRIBUTING.md"]
    assert_none(
        f"{path}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if MACHINE_PATH.search(line)
    )


def test_no_module_shadows_the_standard_library():
    names = {path: Path(path).parent.name if path.endswith("__init__.py") else Path(path).stem for path in sources()}
    assert_none(path for path, name in names.items() if name in SHADOWS)
    tops = {path.split("/")[0] for path in sources()} - {"__main__.py"}
    assert tops.isdisjoint(sys.stdlib_module_names)


def test_what_is_left_to_the_long_run_is_there():
    assert_none(one for one in LONG if f"def {function(one)}(" not in (ROOT / "tests" / file(one)).read_text())


def file(test: str) -> str:
    """Of a test's id."""
    return test.partition("::")[0]


def function(test: str) -> str:
    """Of a test's id."""
    return test.partition("::")[2].partition("[")[0]
