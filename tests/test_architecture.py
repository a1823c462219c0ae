"""The laws of the house: who may import whom, and who may import what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "shapecalc"

#: Data flows one way: a module imports from its own line and from those above it.
ORDER = [
    ["limits", "sizes", "symbolic", "reach"],
    ["layers"],
    ["spec"],
    ["graph"],
    ["walk"],
    ["diagnostics", "coverage", "receptive", "costs", "budget"],
    ["reasoning"],
    ["rules"],
    ["selection", "suppressions", "control", "config", "lint"],
    ["report"],
    ["fix", "baseline", "checker", "comparison", "run", "parallel", "variants"],
    ["render"],
    ["cli", "__init__", "__main__"],
]
RANKS = {name: rank for rank, line in enumerate(ORDER) for name in line}
#: ``diagnostics`` is plain data, which everyone may use.
ANYONE = {"limits", "diagnostics"}

#: The only files that import these.
HEAVY = {
    "pydantic": {"spec/schema.py"},
    "typing_extensions": {"spec/schema.py"},
    "yaml": {"spec/source.py", "checker.py"},
    "matplotlib": {"render/_picture.py"},
    "rich": {"render/table.py", "render/_findings.py", "render/_page.py", "cli/_progress.py"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def imports(tree: ast.AST, *, typing_too: bool = False) -> Iterator[str]:
    """The modules that a tree imports, at any depth, but not those only for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and not typing_too and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node, typing_too=typing_too)


def upward(file: str, tree: ast.Module) -> list[str]:
    """What a file imports from further down the flow than itself."""
    own = RANKS[file.removesuffix(".py").split("/")[0]]
    found = []
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] != "shapecalc" or len(parts) < 2 or parts[1] in ANYONE:
            continue
        if parts[1] in RANKS and RANKS[parts[1]] > own:
            found.append(name)
    return found


def heavy(file: str, tree: ast.Module) -> list[str]:
    """What a file imports that only others may."""
    return [
        name
        for name in imports(tree)
        if file not in HEAVY.get(name.split(".")[0], {file})
        or (name.split(".")[0] == "typer" and not file.startswith("cli/"))
    ]


def test_every_module_has_its_place() -> None:
    assert {file.removesuffix(".py").split("/")[0] for file, _ in modules()} <= RANKS.keys()


@pytest.mark.parametrize(("file", "tree"), list(modules()), ids=lambda value: str(value)[:60])
def test_nothing_imports_upwards(file: str, tree: ast.Module) -> None:
    assert upward(file, tree) == []
    assert heavy(file, tree) == []


def test_the_tests_can_fail() -> None:
    wrong = "def f():\n    from shapecalc.render import table\n    import pydantic, typer\n"
    tree = ast.parse(wrong)
    assert upward("walk/runner.py", tree) == ["shapecalc.render", "shapecalc.render.table"]
    assert heavy("walk/runner.py", tree) == ["pydantic", "typer"]
    assert upward("cli/check.py", tree) == []


def test_no_cycles() -> None:
    """No module needs itself to be imported."""
    graph = {}
    for file, tree in modules():
        name = "shapecalc." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        graph[name] = {found for found in top_level_imports(tree) if found.startswith("shapecalc.")}
    seen: set[str] = set()
    for start in graph:
        visit(start, graph, [], seen)


def top_level_imports(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imports(ast.Module([node], []))


def visit(name: str, graph: dict[str, set[str]], path: list[str], seen: set[str]) -> None:
    assert name not in path, " → ".join([*path, name])
    if name in seen or name not in graph:
        return
    for found in graph[name]:
        visit(found, graph, [*path, name], seen)
    seen.add(name)
