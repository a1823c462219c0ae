"""``shapecalc plot``: costs along the network as a picture, or as bars in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli import _check_options as opt
from shapecalc.cli import _numbers, _terminal

if TYPE_CHECKING:
    from shapecalc.report import ModelReport, Report

PANEL = "Specs"
ORDER = 140

Spec = Annotated[
    str, typer.Argument(metavar="PATH", help="A spec, or - for standard input.", show_default=False)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write a picture: .svg, .png or .pdf, as it ends."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Overwrite a file even if it is not such a picture.")
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Which one, where there are several.")
]
Depth = Annotated[
    int | None,
    typer.Option("--depth", min=1, metavar="N", help="Levels of blocks.  [default: what fits]"),
]
Unfold = Annotated[bool, typer.Option("--unfold", help="A row for every layer.")]


def command(
    path: Spec,
    output: Output = None,
    model: Model = None,
    depth: Depth = None,
    unfold: Unfold = False,
    force: Force = False,
    assignments: opt.Set = None,
    shapes: opt.Input = None,
) -> int:
    """Plot shapes, parameters, MACs and live activations along the network.

    Without -o as bars in the terminal. Pictures need an extra: pip install 'shapecalc[plot]'.
    Exit codes: 0, 1 the spec has an error (what is known is plotted), 2 wrong usage.

    \b
      shapecalc plot model.yaml
      shapecalc plot model.yaml -o costs.svg
      shapecalc plot model.yaml --depth 2 -o costs.png
    """
    from shapecalc.render._series import series

    if output is not None:
        _check_target(output, force)
    report = _checked(path, assignments, shapes)
    if report is None:
        return 2
    chosen = _chosen(report, model)
    named = _numbers.numbers_needed(chosen.graph, "--input 3x224x224")
    if named is not None:
        _terminal.print_error(named)
        return 2
    drawn = series(chosen, depth, unfold)
    if not report.ok:
        _terminal.print_note(f"{path}: it has errors, which shapecalc check {path} explains")
    if output is None:
        from shapecalc.render import _bars

        _terminal.print_out(_bars.draw(drawn, _terminal.width()).rstrip("\n"))
        return int(not report.ok)
    from shapecalc.render import _picture

    if len(drawn.steps) > _picture.MAX_ROWS:
        raise typer.BadParameter(
            f"The picture would have {len(drawn.steps):,} rows, {_picture.MAX_ROWS:,} is the most.",
            param_hint="'--unfold'" if unfold else "'--depth'",
        )
    try:
        data = _picture.draw(drawn, output.suffix[1:].lower())
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("matplotlib"):
            raise
        _terminal.print_error(
            "a picture needs matplotlib: pip install 'shapecalc[plot]'; without -o there are bars"
        )
        return 2
    return _write(output, data) or int(not report.ok)


def _check_target(file: Path, force: bool) -> None:
    """Wrong usage for what is no picture by its name, or no picture at all and there already."""
    from shapecalc.render._picture import FORMATS

    suffix = file.suffix[1:].lower()
    if suffix not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise typer.BadParameter(f"{str(file)!r} ends in none of {known}.", param_hint="'--output'")
    if not force and file.is_file() and not _is_picture(file, suffix):
        raise typer.BadParameter(
            f"{str(file)!r} is there and is no {suffix}: give another name, or --force.",
            param_hint="'--output'",
        )


def _is_picture(file: Path, suffix: str) -> bool:
    """Whether a file is empty or begins as such a picture does."""
    try:
        with file.open("rb") as stream:
            start = stream.read(1024)
    except OSError:
        return False
    if suffix == "svg":
        return b"<svg" in start or not start
    return start.startswith({"png": b"\x89PNG", "pdf": b"%PDF"}[suffix]) or not start


def _checked(path: str, assignments: list[str] | None, shapes: list[str] | None) -> Report | None:
    """The report of the file; ``None`` where it cannot be read."""
    from shapecalc import run
    from shapecalc.checker import Settings
    from shapecalc.report import Report

    settings = Settings(opt.assignments(assignments), opt.input_shapes(shapes))
    (outcome,) = run.run([run.Job(path, settings)])
    if outcome.report is None:
        _terminal.print_error(outcome.error or f"{path}: cannot be read")
        return None
    wrong = run.unused_override(list(outcome.report.models), settings)
    if wrong:
        raise typer.BadParameter(wrong[1], param_hint=f"'{wrong[0]}'")
    return Report((outcome.report,))


def _chosen(report: Report, name: str | None) -> ModelReport:
    """The model to plot; wrong usage where it is not clear which."""
    models = [one for one in report.models if name in (None, one.name)]
    if len(models) == 1:
        return models[0]
    there = ", ".join(one.name for one in report.models)
    if not report.models:
        raise typer.BadParameter("There is no model in it; shapecalc check says why.")
    said = f"There is no model {name!r}" if name else "There are several models"
    raise typer.BadParameter(f"{said}: choose one of {there}.", param_hint="'--model'")


def _write(file: Path, data: bytes) -> int:
    from shapecalc.fix import write_atomically

    try:
        write_atomically(file, data)
    except OSError as error:
        _terminal.print_error(f"{file}: {error.strerror or error}")
        return 2
    _terminal.print_note(f"{file}: written")
    return 0
