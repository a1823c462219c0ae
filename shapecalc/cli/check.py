"""``shapecalc check``: every layer's shape and parameters, and what is wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from shapecalc.cli import _terminal

PANEL = "Specs"
ORDER = 100

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Specs, folders of them, or - for standard input.",
        show_default=False,
    ),
]
Format = Annotated[
    str,
    typer.Option("--format", "-f", metavar="FORMAT", help="table, json, … (see below)."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Replace a value of `vars`; repeatable."),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]SHAPE",
        help="Replace an input's shape: 3x128x128; NAME is an input or a model; repeatable.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")]
Notes = Annotated[bool, typer.Option("--notes", help="List notes, rather than only count them.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only what was found, no tables.")]
Depth = Annotated[
    int | None,
    typer.Option("--depth", min=1, metavar="N", help="Levels of blocks that the table shows."),
]
Unfold = Annotated[bool, typer.Option("--unfold", help="Show every row of the table.")]


def command(
    paths: Paths,
    output_format: Format = "table",
    assignments: Set = None,
    shapes: Input = None,
    strict: Strict = False,
    notes: Notes = False,
    quiet: Quiet = False,
    depth: Depth = None,
    unfold: Unfold = False,
) -> int:
    """Check specs: every layer's output shape and parameters, and what is wrong.

    A folder means the YAML files in it that are specs (mappings with `layers`); a file named is
    always checked. Exit codes: 0 nothing wrong, 1 an error was found (with --strict: or a
    warning), 2 wrong usage or a file that cannot be read.

    \b
      shapecalc check model.yaml
      shapecalc check specs/ --format json
      shapecalc check model.yaml --set width=128 --input 3x128x128
    """
    from shapecalc import render
    from shapecalc.checker import Settings, worst
    from shapecalc.report import Report

    if output_format not in render.formats():
        raise typer.BadParameter(
            f"{output_format!r} is none of {', '.join(render.formats())}.",
            param_hint="'--format'",
        )
    settings = Settings(_assignments(assignments or []), _shapes(shapes or []))
    files, unreadable = _check_all(paths, settings)
    report = Report(tuple(files))
    options = render.Options(
        color=_terminal.wants_color(sys.stdout),
        width=_width(),
        notes=notes,
        depth=depth,
        unfold=unfold,
        quiet=quiet,
    )
    _terminal.print_out(render.render(report, output_format, options).rstrip("\n"))
    if unreadable:
        return 2
    severity = worst(report.diagnostics)
    return int(severity == "error" or (strict and severity == "warning"))


def _width() -> int:
    if sys.stdout.isatty():
        return min(os.get_terminal_size(sys.stdout.fileno()).columns, 120)
    return int(os.environ.get("COLUMNS", "0")) or 80


def _check_all(paths: list[str], settings: Any) -> tuple[list[Any], bool]:
    """The reports of all files, and whether one of them could not be read."""
    from shapecalc import checker

    reports = []
    unreadable = False
    for path in paths:
        try:
            sources = _sources(path)
        except checker.UnreadableError as error:
            _terminal.print_error(str(error))
            unreadable = True
            continue
        _require_used(settings, sources)
        reports += [checker.check_source(source, settings) for source in sources]
    return reports, unreadable


def _sources(path: str) -> list[Any]:
    from shapecalc import checker
    from shapecalc.spec.source import Source, decode

    if path == "-":
        try:
            return [Source("<stdin>", decode(sys.stdin.buffer.read()))]
        except UnicodeError:
            raise checker.UnreadableError("<stdin>: the text is not UTF-8") from None
    folder = Path(path)
    if not folder.is_dir():
        return [checker.read_source(path)]
    found = [checker.read_source(file) for file in checker.find_specs(folder)]
    specs = [source for source in found if checker.is_spec(source)]
    skipped = len(found) - len(specs)
    if skipped or not specs:
        files = f"{skipped} YAML file{'' if skipped == 1 else 's'} without `layers` skipped"
        message = files if specs else f"no specs found ({files})"
        sys.stderr.write(f"{path}: {message}\n")
    return specs


def _assignments(texts: list[str]) -> dict[str, Any]:
    """``NAME=VALUE`` as values of ``vars``; wrong usage for anything else."""
    from shapecalc.spec.expressions import ExpressionError
    from shapecalc.spec.source import resolve_scalar
    from shapecalc.spec.values import compile_value, whole

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="'--set'")
        try:
            template = compile_value(resolve_scalar(value.strip()), words=True)
            found[name.strip()] = whole(template.evaluate({}))
        except (ExpressionError, OverflowError) as error:
            raise typer.BadParameter(f"{text!r}: {error}", param_hint="'--set'") from None
    return found


def _shapes(texts: list[str]) -> dict[str, tuple[int, ...]]:
    """``[NAME=]SHAPE`` as shapes by name; wrong usage for anything else."""
    found = {}
    for text in texts:
        name, _, shape = text.rpartition("=")
        parts = shape.lower().replace("×", "x").split("x")
        if not all(part.isascii() and part.isdigit() and 0 < int(part) < 2**53 for part in parts):
            raise typer.BadParameter(
                f"{shape!r} is not a shape without the batch, like 3x224x224.",
                param_hint="'--input'",
            )
        found[name.strip()] = tuple(int(part) for part in parts)
    return found


def _require_used(settings: Any, sources: list[Any]) -> None:
    """Wrong usage where an override names nothing in a file that stands alone."""
    if not (settings.set or settings.inputs):
        return
    from shapecalc.spec.build import build_models
    from shapecalc.spec.names import did_you_mean
    from shapecalc.spec.source import parse

    models = [model for source in sources for model in build_models(source, parse(source)[0])[0]]
    variables = {name for model in models for name in model.vars}
    for name in settings.set.keys() - variables:
        near = did_you_mean(name, variables)
        hint = f" Did you mean {near!r}?" if near else ""
        raise typer.BadParameter(f"No spec has a var {name!r}.{hint}", param_hint="'--set'")
    free = [model for model in models if any(given.model is None for given in model.inputs)]
    names = {model.name for model in free} | {
        given.name for model in free for given in model.inputs
    }
    for name in settings.inputs:
        if not name and (len(free) > 1 or any(not model.single_input for model in free)):
            choices = ", ".join(sorted(names - {"input"}))
            raise typer.BadParameter(
                f"Several inputs: say which, NAME=SHAPE with one of {choices}.",
                param_hint="'--input'",
            )
        if name and name not in names:
            near = did_you_mean(name, names)
            hint = f" Did you mean {near!r}?" if near else ""
            raise typer.BadParameter(
                f"No input or model is called {name!r}.{hint}", param_hint="'--input'"
            )
