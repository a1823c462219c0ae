"""From files to reports: read, build, walk, apply the rules."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecalc.budget import Limits
from shapecalc.diagnostics import Diagnostic, Fix, Severity
from shapecalc.graph import Graph
from shapecalc.layers.base import format_shape
from shapecalc.limits import MAX_DIAGNOSTICS, MAX_DIMS, MAX_NAMED_MODELS
from shapecalc.lint import Linter, Verdict
from shapecalc.report import FileReport, ModelReport, Report
from shapecalc.selection import Selection
from shapecalc.spec.build import build_models
from shapecalc.spec.expressions import UNKNOWN
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Document, Source, decode, is_word, parse
from shapecalc.walk import Finding, Memory, Overrides, WalkResult, sizes_of_dims, walk

#: Findings for which other sizes, or another value of a field, are looked for.
MENDABLE = frozenset({"SC101", "SC102", "SC104", "SC108"})

#: Of all specs that this process checks: those of a repository have many layers in common.
_MEMORY = Memory()

if TYPE_CHECKING:
    from shapecalc.costs.setting import Setting


class UnreadableError(Exception):
    """A file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller asks for beside the specs themselves."""

    #: ``vars`` to replace, by name.
    set: Mapping[str, Any] = field(default_factory=dict)
    #: Input shapes to replace, by the name of a model or of an input; ``""``: the only one.
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    #: Which rules are reported, and how severely: as the configuration says.
    selection: Selection = field(default_factory=Selection)
    #: The same as the command line says, which comes after what a model says itself.
    command_line: Selection = field(default_factory=Selection)
    #: Upper limits, of the configuration and of the command line.
    limits: Limits = field(default_factory=dict)
    command_line_limits: Limits = field(default_factory=dict)
    #: Sets of further input shapes that the specs must hold for as well.
    further_inputs: tuple[Mapping[str, tuple[int, ...]], ...] = ()
    #: Whether warnings fail.
    strict: bool = False
    #: What costs are counted for.
    costs: Setting | None = None

    @property
    def overridden(self) -> bool:
        """Whether a spec is not checked as it is written."""
        return bool(self.set or self.inputs)


def read_source(path: str | Path) -> Source:
    """The text of a file. Raises :class:`UnreadableError`."""
    try:
        return Source(str(path), decode(Path(path).read_bytes()))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from None
    except UnicodeError:
        raise UnreadableError(f"{path}: the file is not UTF-8 text") from None


def check_source(source: Source, settings: Settings | None = None) -> FileReport:
    """Check one file."""
    return check_documents(source, *parse(source), settings)


def check_documents(
    source: Source,
    documents: list[Document],
    problems: list[Problem],
    settings: Settings | None = None,
) -> FileReport:
    """Check one file that has been parsed."""
    settings = settings or Settings()
    models, more = build_models(source, documents, _MEMORY.known)
    if problems and not documents:
        more = []
    limits = (settings.limits, settings.command_line_limits)
    linter = Linter(source, settings.selection, settings.command_line, limits)
    runs = _walk_all(models, settings)
    further, unfit = _walk_further(models, settings)
    diagnostics = linter.file_diagnostics([*problems, *more, *unfit])
    found: list[Verdict] = []
    room = MAX_DIAGNOSTICS - len(diagnostics)
    for position, model in enumerate(models):
        verdict = linter.model_diagnostics(model, runs[position], further.get(position), room)
        room -= len(verdict.diagnostics)
        found.append(verdict)
    diagnostics += linter.unused_diagnostics(documents, settings.overridden, room)
    _settle_fixes([verdict.diagnostics for verdict in found], [run.graph for run in runs])
    reports = [
        ModelReport(
            file=source.file,
            spec=model,
            graph=run.graph,
            diagnostics=tuple(verdict.diagnostics),
            hidden_diagnostics=verdict.hidden,
            skipped_expects=run.skipped_expects,
            setting=settings.costs,
        )
        for model, run, verdict in zip(models, runs, found, strict=True)
    ]
    return FileReport(source, tuple(reports), tuple(diagnostics))


def _walk_all(models: list[ModelSpec], settings: Settings) -> list[WalkResult]:
    """Every model at the input that it is asked for."""
    earlier: dict[str, WalkResult] = {}
    runs = []
    for model in models:
        runs.append(walk_model(model, earlier, overrides_for(model, settings)))
        earlier.setdefault(model.name, runs[-1])
        named = runs[-1].graph.domain is not None
        if not named and any(one.code in MENDABLE for one in runs[-1].findings):
            from shapecalc.reasoning.remedy import improve

            improve(runs[-1])
    return runs


def walk_model(
    model: ModelSpec, earlier: Mapping[str, WalkResult], overrides: Overrides | None = None
) -> WalkResult:
    """A model at its input, with expressions where that has named sizes."""
    overrides = Overrides() if overrides is None else overrides
    if model.dims or any(run.graph.domain for run in earlier.values()):
        from shapecalc.reasoning.dims import free_names, walk_named

        names = free_names(model, earlier, overrides)
        before = sum(run.graph.domain is not None for run in earlier.values())
        if names and before >= MAX_NAMED_MODELS:
            return _without_names(model, names, earlier, overrides)
        if names and len(names) <= MAX_DIMS:
            return walk_named(model, names, earlier, overrides)
    return walk(model, earlier, overrides, _MEMORY)


def _without_names(
    model: ModelSpec,
    names: tuple[str, ...],
    earlier: Mapping[str, WalkResult],
    overrides: Overrides,
) -> WalkResult:
    """A model of a file that has enough with named sizes: its own are not known."""
    unknown = dict.fromkeys(names, UNKNOWN)
    result = walk(model, earlier, replace(overrides, dims={**overrides.dims, **unknown}))
    message = f"more than {MAX_NAMED_MODELS} models of the file have sizes with names"
    help = "give numbers for `dims`, or split the file"
    result.findings.append(Finding("SC007", message, model.extent, help))
    return result


def _walk_further(
    models: list[ModelSpec], settings: Settings
) -> tuple[dict[int, dict[str, WalkResult]], list[Problem]]:
    """By the position of a model, its runs on further inputs; and the inputs that fit no model."""
    found: dict[int, dict[str, WalkResult]] = {}
    problems = []
    for shapes in () if settings.inputs else settings.further_inputs:
        at = replace(settings, inputs=shapes)
        label = format_inputs(shapes)
        changed: set[str | None] = set()
        earlier: dict[str, WalkResult] = {}
        for position, model in enumerate(models):
            overrides = overrides_for(model, at)
            run = walk_model(model, earlier, overrides)
            earlier.setdefault(model.name, run)
            if overrides.inputs or changed & {given.model for given in model.inputs}:
                changed.add(model.name)
                found.setdefault(position, {})[label] = run
        if models and not changed:
            message = f"the input {label} of the configuration fits no model of this file"
            problems.append(Problem("SC002", message, (0, 0), "see its `inputs`"))
    return found, problems


def format_inputs(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """``3×64×64``, ``image 3×64×64, text 77``."""
    return ", ".join(f"{name} {format_shape(shape)}".strip() for name, shape in shapes.items())


def _settle_fixes(found: list[list[Diagnostic]], graphs: list[Graph]) -> None:
    """Drop the fixes of layers whose uses, in all models of the file, do not all ask for them."""
    wanted = [one for of_model in found for one in of_model if one.fix and one.fix.layer]
    if not wanted:
        return
    asked: Counter[Fix | None] = Counter()
    for one in wanted:
        asked[one.fix] += one.uses
    layers = {fix.layer for fix in asked if fix}
    ran = Counter(
        node.spec.keys.extent
        for graph in graphs
        for node in graph.nodes
        if node.spec and node.spec.keys.extent in layers
    )
    for of_model in found:
        for position, one in enumerate(of_model):
            fix = one.fix
            if fix and fix.layer and asked[fix] != ran[fix.layer]:
                of_model[position] = replace(one, fix=None)


def overrides_for(model: ModelSpec, settings: Settings) -> Overrides:
    """The part of the settings that concerns a model."""
    variables = {name: value for name, value in settings.set.items() if name in model.vars}
    dims = {name: value for name, value in settings.set.items() if name in model.dims}
    inputs = {}
    for name, shape in settings.inputs.items():
        for given in model.inputs:
            if given.model is None and name in ("", model.name, given.name):
                inputs[given.name] = shape
                dims = {**sizes_of_dims(model.dims, given, shape), **dims}
    return Overrides(variables, inputs, dims)


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """The most severe of the findings."""
    order = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    found = {diagnostic.severity for diagnostic in diagnostics}
    return next((severity for severity in order if severity in found), None)


def find_specs(folder: Path) -> list[Path]:
    """The YAML files below a folder, in order: not what is hidden, nor what a linked folder holds.

    A folder that cannot be listed is among them, so that reading it says why.
    """
    found: list[Path] = []

    def unlisted(error: OSError) -> None:
        found.append(Path(error.filename))

    for place, folders, files in os.walk(folder, onerror=unlisted):
        folders[:] = [name for name in folders if not name.startswith(".")]
        wanted = (name for name in files if name.endswith((".yaml", ".yml")) and name[0] != ".")
        found += (path for path in map(Path(place).joinpath, wanted) if not _is_special(path))
    return sorted(found)


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device, which may never end; a dead link is none."""
    return path.exists() and not path.is_file()


_LAYERS = re.compile(r"""^(["']?)layers\1[ \t]*:""", re.MULTILINE)


def is_spec(source: Source, documents: list[Document], problems: list[Problem]) -> bool:
    """Whether a YAML file is a spec: one of its documents is a mapping with ``layers``, or looks
    as if it were, were it not for a syntax error."""
    if any(isinstance(one.value, dict) and "layers" in one.value for one in documents):
        return True
    broken = any(problem.code == "SC001" for problem in problems)
    return broken and _LAYERS.search(source.text) is not None


def check(
    spec: str | Path | Mapping[str, Any],
    *,
    set: Mapping[str, Any] | None = None,
    inputs: Mapping[str, tuple[int, ...]] | None = None,
) -> Report:
    """Check a spec: a file, a folder of them, or a mapping as YAML would give it.

    ``set`` replaces ``vars``; ``inputs`` replaces input shapes, by the name of an input or of a
    model (``""`` where there is only one). Raises :class:`UnreadableError` for a file that cannot
    be read; whatever is wrong with the spec itself is in the report.
    """
    settings = Settings(set or {}, inputs or {})
    if isinstance(spec, Mapping) or not Path(spec).is_dir():
        return Report((check_source(read_spec(spec), settings),))
    reports = []
    for source in map(read_source, find_specs(Path(spec))):
        documents, problems = parse(source)
        if is_spec(source, documents, problems):
            reports.append(check_documents(source, documents, problems, settings))
    return Report(tuple(reports))


def read_spec(spec: str | Path | Mapping[str, Any]) -> Source:
    """A file, or a mapping as YAML would give it, as text. Raises :class:`UnreadableError`."""
    return _source_of(spec) if isinstance(spec, Mapping) else read_source(spec)


def _source_of(spec: Mapping[str, Any]) -> Source:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes tuples as lists, and no aliases."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        # What is a word to YAML 1.1 may be a number to 1.2: 1E100, 0o7.
        style = None if is_word(text) else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)
    Dumper.add_representer(str, represent_text)
    text = yaml.dump(dict(spec), Dumper=Dumper, sort_keys=False, default_flow_style=None)
    return Source("<mapping>", text)
