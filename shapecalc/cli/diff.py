"""``shapecalc diff``: what a change of a spec does to its network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from shapecalc.cli import _terminal

if TYPE_CHECKING:
    from shapecalc.comparison import GrowthLimit, ModelComparison
    from shapecalc.report import FileReport
    from shapecalc.spec.source import Source

PANEL = "Specs"
ORDER = 110
#: git answers at once, or it waits for something that will not come.
GIT_TIMEOUT = 60

Old = Annotated[str, typer.Argument(metavar="OLD", help="A spec, or REF:PATH of one in git.")]
New = Annotated[str, typer.Argument(metavar="NEW", help="The same, afterwards.")]
Format = Annotated[
    Literal["table", "markdown", "json"], typer.Option("--format", "-f", help="How to print it.")
]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="LIMIT",
        help="Exit with 1 if a model grows by more: params+5%, macs+1M (also trainable_params, "
        "layers); repeatable.",
    ),
]
Unfold = Annotated[bool, typer.Option("--unfold", help="Show every layer that changed.")]


def command(
    old: Old,
    new: New,
    output_format: Format = "table",
    fail_if: FailIf = None,
    unfold: Unfold = False,
) -> int:
    """Compare two versions of a spec: layers, shapes, parameters and costs.

    Layers are matched by name and position. Exit codes: 0 compared, 1 a --fail-if limit was
    passed, 2 wrong usage or a file that cannot be read.

    \b
      shapecalc diff old.yaml new.yaml
      shapecalc diff main:specs/model.yaml specs/model.yaml --fail-if params+5%
      shapecalc diff HEAD~1:model.yaml HEAD:model.yaml --format markdown
    """
    from shapecalc import checker
    from shapecalc.cli import _diff_output
    from shapecalc.comparison import compare

    limits = _limits(fail_if or [])
    try:
        reports = [checker.check_source(_source(name)) for name in (old, new)]
    except checker.UnreadableError as error:
        _terminal.print_error(str(error))
        return 2
    for report in reports:
        _say_errors(report)
    models = compare(reports[0].models, reports[1].models)
    exceeded = [text for model in models for text in _exceeded(model, limits)]
    if output_format == "json":
        text = _diff_output.to_json(models, old, new, exceeded)
    elif output_format == "markdown":
        text = _diff_output.to_markdown(models, unfold)
    else:
        text = _diff_output.to_table(models, unfold)
    if text:
        _terminal.print_out(text)
    for message in exceeded:
        _terminal.print_error(message)
    return int(bool(exceeded))


def _limits(texts: list[str]) -> list[GrowthLimit]:
    from shapecalc.budget import AmountError
    from shapecalc.comparison import parse_growth

    try:
        return [parse_growth(text) for text in texts]
    except AmountError as error:
        raise typer.BadParameter(f"{error}: {error.help}.", param_hint="'--fail-if'") from None


def _exceeded(model: ModelComparison, limits: list[GrowthLimit]) -> list[str]:
    """What to say about each limit that a model passes; one added or removed has not grown."""
    if model.old is None or model.new is None:
        return []
    messages = []
    for limit in limits:
        delta = model.delta(limit.figure)
        try:
            if limit.exceeded_by(delta):
                grown = f"from {delta.old.value:,} to {delta.new.value:,}"
                messages.append(f"{model.name}: more than {limit.written}: {grown}")
        except ValueError as error:
            # What is not known has not been shown to stay within its limit.
            messages.append(f"{model.name}: {limit.written} cannot be judged: {error}")
    return messages


def _say_errors(report: FileReport) -> None:
    errors = sum(found.severity == "error" for found in report.diagnostics)
    if errors:
        noun = "error" if errors == 1 else "errors"
        _terminal.print_note(
            f"{report.source.file}: {errors:,} {noun}: sizes behind one may not be known "
            "(shapecalc check says more)"
        )


def _source(name: str) -> Source:
    """A file, or a file in git's history. Raises ``UnreadableError``."""
    from shapecalc import checker

    if ":" not in name or os.path.exists(name):
        if os.path.isdir(name):
            raise checker.UnreadableError(f"{name}: is a folder; diff compares two files")
        return checker.read_source(name)
    return _git_source(name)


def _git_source(name: str) -> Source:
    from shapecalc.checker import UnreadableError
    from shapecalc.spec.source import Source, decode

    ref, _, path = name.partition(":")
    if ref.startswith("-"):
        raise UnreadableError(f"{name}: there is no such file, and no git ref begins with a dash")
    data = None
    # A path is one from the top of the repository; else, as git has it too, from here.
    for object_name in (name, f"{ref}:./{path}"):
        data, said = _git_blob(object_name)
        if data is not None:
            break
    if data is None:
        raise UnreadableError(f"{name}: {said}")
    try:
        return Source(name, decode(data))
    except UnicodeError:
        raise UnreadableError(f"{name}: the file is not UTF-8 text") from None


def _git_blob(name: str) -> tuple[bytes | None, str]:
    """The bytes of a file in git, or what git said.

    ``cat-file`` rather than ``show``: no filter, pager or configured converter runs.
    """
    import subprocess

    try:
        done = subprocess.run(
            ["git", "cat-file", "blob", name],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_TIMEOUT,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return None, f"git cannot be run: {error}"
    said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
    if said.endswith("bad file"):  # as git calls what is there and is no file
        said = "is a folder; diff compares two files"
    return (done.stdout, "") if done.returncode == 0 else (None, said or "git found nothing")
