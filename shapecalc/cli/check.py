"""``shapecalc check``: every layer's shape and parameters, and what is wrong."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from shapecalc.cli import _app, _check_output, _progress, _terminal
from shapecalc.cli import _check_options as opt

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.render import Options
    from shapecalc.report import FileReport, Report
    from shapecalc.run import Action, Job, Outcome, Setup

PANEL = "Specs"
ORDER = 100


def command(
    context: typer.Context,
    paths: opt.Paths,
    formats: opt.Format = None,
    outputs: opt.Output = None,
    notes: opt.Notes = False,
    quiet: opt.Quiet = False,
    statistics: opt.Statistics = False,
    depth: opt.Depth = None,
    unfold: opt.Unfold = False,
    weights: opt.Weights = False,
    columns: opt.Columns = None,
    sort: opt.Sort = None,
    top: opt.Top = None,
    summary_only: opt.SummaryOnly = False,
    assignments: opt.Set = None,
    shapes: opt.Input = None,
    select: opt.Select = None,
    extend_select: opt.ExtendSelect = None,
    ignore: opt.Ignore = None,
    severities: opt.Severities = None,
    strict: opt.Strict = False,
    exit_zero: opt.ExitZero = False,
    fix: opt.Fix = False,
    diff: opt.Diff = False,
    baseline: opt.BaselineFile = None,
    write_baseline: opt.WriteBaseline = None,
    batch: opt.Batch = None,
    optimizer: opt.Optimizer = None,
    dtype: opt.Dtype = None,
    autocast: opt.Autocast = False,
    memory: opt.Room = None,
    device: opt.DeviceName = None,
    max_params: opt.MaxParams = None,
    max_trainable_params: opt.MaxTrainableParams = None,
    max_macs: opt.MaxMacs = None,
    max_element_ops: opt.MaxElementOps = None,
    max_memory: opt.MaxMemory = None,
    max_training_memory: opt.MaxTrainingMemory = None,
    max_layers: opt.MaxLayers = None,
    max_depth: opt.MaxDepth = None,
    max_layer_params: opt.MaxLayerParams = None,
    max_layer_macs: opt.MaxLayerMacs = None,
    max_dense_share: opt.MaxDenseShare = None,
    config: opt.ConfigFile = None,
    isolated: opt.Isolated = False,
    force_exclude: opt.ForceExclude = False,
    processes: opt.Jobs = None,
) -> int:
    """Check specs: every layer's output shape and parameters, and what is wrong.

    A folder means the YAML files in it that are specs (mappings with `layers`), hidden ones left
    out; a file named is always checked. Exit codes: 0 nothing wrong, 1 an error was found (with
    --strict: or a warning), 2 wrong usage or a file that cannot be read.

    \b
      shapecalc check model.yaml
      shapecalc check specs/ --format json -o report.json
      shapecalc check specs/ --format sarif -o shapecalc.sarif --format github
      shapecalc check model.yaml --set width=128 --input 3x128x128
      shapecalc check model.yaml --columns +macs,macs_share --depth 2
      shapecalc check model.yaml --sort macs --top 10
      shapecalc check specs/ --select SC2,SC3 --strict --max-params 25M
      shapecalc check model.yaml --batch 32 --optimizer adam --memory 24GiB
    """
    from shapecalc import render, run
    from shapecalc.checker import Settings
    from shapecalc.report import Report

    written = context.meta[_app.WRITTEN]
    targets = _check_output.targets(_formats(formats, statistics), outputs, written)
    _refuse_what_does_not_go_together(
        ("--output", outputs, "--diff", diff),
        ("--output", outputs, "--write-baseline", write_baseline),
        ("--write-baseline", write_baseline, "--diff", diff),
        ("--config", config, "--isolated", isolated),
    )
    options = render.Options(
        color=_terminal.wants_color(sys.stdout),
        width=_terminal.width(),
        notes=notes,
        depth=depth,
        unfold=unfold,
        weights=weights,
        quiet=quiet,
        summary_only=summary_only,
        columns=opt.columns(columns),
        sort=opt.sort(sort),
        top=top,
    )
    action = _action(paths, fix, diff, bool(assignments or shapes))
    limits = opt.limits(
        params=max_params,
        trainable_params=max_trainable_params,
        macs=max_macs,
        element_ops=max_element_ops,
        memory=max_memory,
        training_memory=max_training_memory,
        layers=max_layers,
        depth=max_depth,
        layer_params=max_layer_params,
        layer_macs=max_layer_macs,
        dense_share=max_dense_share,
    )
    settings = Settings(
        opt.assignments(assignments),
        opt.input_shapes(shapes),
        command_line=opt.selection(select, extend_select, ignore, severities),
        command_line_limits=limits,
        strict=strict,
        costs=opt.costs(batch, optimizer, dtype, autocast, memory, device),
    )
    layers = not statistics and any(render.shows_layers(one.format, options) for one in targets)
    setup = run.Setup(settings, config, isolated, force_exclude, layers)
    jobs = _plan(paths, setup)
    if jobs is None:
        return 2
    _spare(jobs, targets, write_baseline)
    outcomes = _run(paths, jobs, action, processes)
    unreadable = any(outcome.error for outcome in outcomes)
    if action == "diff":
        return _print_diff(outcomes, unreadable, exit_zero)
    files = [outcome.report for outcome in outcomes if outcome.report]
    wrong = run.unused_override([model for file in files for model in file.models], settings)
    if wrong and not unreadable:
        raise typer.BadParameter(wrong[1], param_hint=f"'{wrong[0]}'")
    if write_baseline:
        return _write_baseline(write_baseline, files) or 2 * unreadable
    if baseline:
        known = _without_known(baseline, outcomes)
        if known is None:
            return 2
        files = known
    if not _print(Report(tuple(files)), targets, options, statistics) or unreadable:
        return 2
    return int(not exit_zero and any(outcome.fails for outcome in outcomes))


def _formats(formats: list[str] | None, statistics: bool) -> list[str]:
    """The output formats; wrong usage for one that there is not."""
    chosen = formats or ["table"]
    known = ["table", "json"] if statistics else opt.FORMATS
    for name in chosen:
        if name not in known:
            there = "with --statistics, " if statistics else ""
            message = f"{name!r} is none of {', '.join(known)}."
            raise typer.BadParameter(f"{there}{message}", param_hint="'--format'")
    return chosen


def _refuse_what_does_not_go_together(*pairs: tuple[str, object, str, object]) -> None:
    """Wrong usage where both options of a pair are given."""
    for option, value, other, given in pairs:
        if value and given:
            message = f"It cannot be used with {other}."
            raise typer.BadParameter(message, param_hint=f"'{option}'")


def _action(paths: list[str], fix: bool, diff: bool, overridden: bool) -> Action:
    """What to do with the files; wrong usage where nothing can be fixed."""
    if not (fix or diff):
        return "check"
    option = "'--diff'" if diff else "'--fix'"
    if overridden:
        raise typer.BadParameter(
            "It works on specs as they are written: leave --set and --input out.",
            param_hint=option,
        )
    if not diff and "-" in paths:
        raise typer.BadParameter("Standard input cannot be changed: use --diff.", param_hint=option)
    return "diff" if diff else "fix"


def _plan(paths: list[str], setup: Setup) -> list[Job] | None:
    """The files to check; ``None``: they cannot be, for want of a configuration."""
    from shapecalc import run
    from shapecalc.config import ConfigError

    try:
        return run.plan(paths, setup)
    except ConfigError as error:
        _terminal.print_error(str(error))
        return None


def _spare(jobs: list[Job], targets: list[_check_output.Target], baseline: Path | None) -> None:
    """Wrong usage where what is to be written would replace a spec."""
    specs = [job.path for job in jobs]
    _check_output.spare([one.file for one in targets if one.file], specs, "--output")
    _check_output.spare([baseline] if baseline else [], specs, "--write-baseline")


def _run(paths: list[str], jobs: list[Job], action: Action, processes: int | None) -> list[Outcome]:
    """Do it, and say what could not be read and what was skipped."""
    from shapecalc import run

    outcomes = list(_progress.shown(run.run(jobs, action, processes), len(jobs)))
    for outcome in outcomes:
        if outcome.error:
            _terminal.print_error(outcome.error)
    _say_skipped(paths, outcomes)
    fixed = sum(outcome.fixed for outcome in outcomes if not outcome.error)
    if fixed and action == "fix":
        files = sum(bool(outcome.diff) for outcome in outcomes if not outcome.error)
        _terminal.print_note(f"fixed {_count(fixed, 'finding')} in {_count(files, 'file')}")
    return outcomes


def _say_skipped(paths: list[str], outcomes: list[Outcome]) -> None:
    """How many files of each folder are no specs."""
    skipped = Counter(
        one.job.folder for one in outcomes if one.report is None and one.error is None
    )
    checked = Counter(one.job.folder for one in outcomes)
    for path in dict.fromkeys(paths):
        if os.path.isdir(path):
            count = skipped[path]
            files = f"{_count(count, 'YAML file')} without `layers` skipped"
            if count == checked[path]:
                _terminal.print_note(f"{path}: no specs found{f' ({files})' if count else ''}")
            elif count:
                _terminal.print_note(f"{path}: {files}")


def _print_diff(outcomes: list[Outcome], unreadable: bool, exit_zero: bool) -> int:
    """Show what would be fixed."""
    for outcome in outcomes:
        if outcome.diff:
            _terminal.print_out(_terminal.printable_lines(outcome.diff).rstrip("\n"))
    fixed = sum(outcome.fixed for outcome in outcomes)
    files = sum(bool(outcome.diff) for outcome in outcomes)
    _terminal.print_note(f"would fix {_count(fixed, 'finding')} in {_count(files, 'file')}")
    return 2 if unreadable else int(files > 0 and not exit_zero)


def _write_baseline(path: Path, files: list[FileReport]) -> int:
    """Write a baseline of all that was found; 2 where that cannot be done."""
    from shapecalc.baseline import SURROGATES, baseline_of
    from shapecalc.fix import write_atomically

    text, count = baseline_of(files, path)
    try:
        write_atomically(path, text.encode("utf-8", SURROGATES))
    except OSError as error:
        _terminal.print_error(f"{path}: {error.strerror or error}")
        return 2
    _terminal.print_note(f"{path}: a baseline of {_count(count, 'finding')} written")
    return 0


def _without_known(path: Path, outcomes: list[Outcome]) -> list[FileReport] | None:
    """The reports without what a baseline lists, also in the outcomes; ``None``: no baseline."""
    from shapecalc.baseline import BaselineError, read_baseline

    reported = [outcome for outcome in outcomes if outcome.report]
    try:
        known = read_baseline(path)
    except BaselineError as error:
        _terminal.print_error(str(error))
        return None
    files, hidden, stale = known.without_known(one.report for one in reported if one.report)
    for outcome, report in zip(reported, files, strict=True):
        outcome.report = report
    if hidden:
        _terminal.print_note(f"{path}: {_count(hidden, 'finding')} of the baseline not reported")
    if stale:
        gone = "1 entry is" if stale == 1 else f"{stale:,} entries are"
        _terminal.print_note(f"{path}: {gone} found no more; --write-baseline writes it anew")
    return files


def _print(
    report: Report, targets: list[_check_output.Target], options: Options, statistics: bool
) -> bool:
    """Write the report to each target; whether all could be written."""
    from shapecalc import render

    def text(target: _check_output.Target) -> str:
        shown = replace(options, color=options.color and target.file is None)
        if statistics:
            return render.statistics(report, target.format)
        return render.render(report, target.format, shown)

    return _check_output.write((target, text(target)) for target in targets)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
