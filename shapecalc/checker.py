"""From files to reports: read, build, walk, apply the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.limits import MAX_DIAGNOSTICS
from shapecalc.lint import Linter
from shapecalc.report import FileReport, ModelReport, Report
from shapecalc.selection import Selection
from shapecalc.spec.build import build_models
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Source, decode, parse
from shapecalc.suppressions import Suppressions
from shapecalc.walk import Overrides, WalkResult, walk


class UnreadableError(Exception):
    """A file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller asks for beside the specs themselves."""

    #: ``vars`` to replace, by name.
    set: Mapping[str, Any] = field(default_factory=dict)
    #: Input shapes to replace, by the name of a model or of an input; ``""``: the only one.
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    #: Which rules are reported, and how severely.
    selection: Selection = field(default_factory=Selection)


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
    settings = settings or Settings()
    documents, problems = parse(source)
    models, more = build_models(source, documents)
    if problems and not documents:
        more = []
    suppressions = Suppressions(source)
    linter = Linter(source, settings.selection, suppressions)
    diagnostics = linter.file_diagnostics([*problems, *more, *suppressions.problems])
    reports = []
    walked: dict[str, WalkResult] = {}
    for model in models:
        result = walk(model, walked, overrides_for(model, settings))
        walked.setdefault(model.name, result)
        found = linter.model_diagnostics(model, result)
        reports.append(
            ModelReport(
                file=source.file,
                spec=model,
                graph=result.graph,
                diagnostics=tuple(found[:MAX_DIAGNOSTICS]),
                hidden_diagnostics=max(len(found) - MAX_DIAGNOSTICS, 0),
                skipped_expects=result.skipped_expects,
            )
        )
    return FileReport(source, tuple(reports), tuple(diagnostics))


def overrides_for(model: ModelSpec, settings: Settings) -> Overrides:
    """The part of the settings that concerns a model."""
    variables = {name: value for name, value in settings.set.items() if name in model.vars}
    inputs = {}
    for name, shape in settings.inputs.items():
        for given in model.inputs:
            if given.model is None and name in ("", model.name, given.name):
                inputs[given.name] = shape
    return Overrides(variables, inputs)


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """The most severe of the findings."""
    order = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    found = {diagnostic.severity for diagnostic in diagnostics}
    return next((severity for severity in order if severity in found), None)


def find_specs(folder: Path) -> list[Path]:
    """The YAML files below a folder, hidden ones left out, in order."""
    return sorted(
        path
        for pattern in ("*.yaml", "*.yml")
        for path in folder.rglob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def is_spec(source: Source) -> bool:
    """Whether a YAML file is a spec: one of its documents is a mapping with ``layers``."""
    documents, _ = parse(source)
    return any(
        isinstance(document.value, dict) and "layers" in document.value for document in documents
    )


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
    if isinstance(spec, Mapping):
        return Report((check_source(_source_of(spec), settings),))
    path = Path(spec)
    if not path.is_dir():
        return Report((check_source(read_source(path), settings),))
    sources = [read_source(found) for found in find_specs(path)]
    return Report(tuple(check_source(source, settings) for source in sources if is_spec(source)))


def _source_of(spec: Mapping[str, Any]) -> Source:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes tuples as lists, and no aliases."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)
    text = yaml.dump(dict(spec), Dumper=Dumper, sort_keys=False, default_flow_style=None)
    return Source("<mapping>", text)
