"""Sweeps: a spec at every combination of values of its ``vars``.

The spec is read once a process; layers that come out as they did before are not computed again. The
combinations are handed out in chunks to any ``concurrent.futures.Executor``.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from shapecalc import rules
from shapecalc.checker import Settings, overrides_for, read_spec
from shapecalc.control import Control
from shapecalc.costs.memory import Memory as Costs
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.layers.base import format_shape
from shapecalc.lint import Linter
from shapecalc.report import ModelReport
from shapecalc.selection import Policy, Selection
from shapecalc.spec.build import build_models
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.names import did_you_mean
from shapecalc.spec.source import Source, parse
from shapecalc.walk import Memory, WalkResult, walk

#: The figures of a variant, in the order of its columns.
FIGURES = ("params", "trainable_params", "macs", "memory", "layers")
#: The most combinations that are handed out at a time, and how many such chunks are under way.
MAX_CHUNK, UNDER_WAY = 100, 16


_Combination = tuple[int, dict[str, Any]]


class SweepError(ValueError):
    """A sweep that cannot be made; ``help`` offers a way out."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class Variant(NamedTuple):
    """One model at one combination; a figure that is not wholly known is ``None``."""

    #: The place of the combination among all of them, from 0.
    number: int
    values: dict[str, Any]
    model: str
    #: Whether it has no error.
    ok: bool
    #: How many errors it has, and the first of them.
    errors: int
    error: str
    params: int | None
    trainable_params: int | None
    macs: int | None
    #: Bytes of the parameters and of the tensors that live at once, for one sample.
    memory: int | None
    layers: int
    #: The output's shape: ``64×56×56``; of several outputs with their names.
    output: str

    def to_dict(self) -> dict[str, Any]:
        """One flat row of plain values: the ``vars``, then the rest. One of the ``vars`` that is
        called like a figure hides it."""
        row = {name: _plain(value) for name, value in self.values.items()}
        for name in COLUMNS:
            row.setdefault(name, getattr(self, name))
        return row


#: The columns of a row after the ``vars``.
COLUMNS = Variant._fields[2:]


def _plain(value: Any) -> Any:
    """A value of a ``var`` for a table: a list as text."""
    return value if isinstance(value, (int, float, str)) or value is None else str(list(value))


def sweep(
    spec: str | Path | Mapping[str, Any],
    variables: Mapping[str, Sequence[Any]],
    *,
    settings: Settings | None = None,
    executor: Executor | None = None,
    start: int = 0,
) -> Iterator[Variant]:
    """Check a spec at every combination of values of its ``vars``, the last varying fastest.

    Yields a :class:`Variant` a combination and model as they come, in order, from combination
    ``start`` on. ``executor`` is any ``concurrent.futures.Executor`` (a process pool, the executor
    of a Dask client, of ``mpi4py.futures``, …); without one all is done here.

    Raises :class:`SweepError` for a name that is none of the ``vars``,
    :class:`~shapecalc.checker.UnreadableError` for a file that cannot be read.
    """
    source = read_spec(spec)
    settings = settings or Settings()
    _check_names(source, variables)
    data = pickle.dumps((source.file, source.text, settings))
    total = count(variables)
    size = max(1, min(MAX_CHUNK, (total - start) // (2 * UNDER_WAY)))
    combinations = (_combination(number, variables) for number in range(start, total))
    return _in_chunks(data, combinations, size, executor)


def _combination(number: int, variables: Mapping[str, Sequence[Any]]) -> _Combination:
    """The place of a combination among all of them, and its values."""
    rest, values = number, []
    for name in reversed(list(variables)):
        rest, position = divmod(rest, len(variables[name]))
        values.append((name, variables[name][position]))
    return number, dict(reversed(values))


def count(variables: Mapping[str, Sequence[Any]]) -> int:
    """How many combinations there are."""
    return prod(map(len, variables.values()))


def _check_names(source: Source, variables: Mapping[str, Sequence[Any]]) -> None:
    models = build_models(source, parse(source)[0])[0]
    known = list(dict.fromkeys(name for model in models for name in (*model.vars, *model.dims)))
    for name, values in variables.items():
        if name not in known:
            nearest = did_you_mean(name, known)
            help = f"did you mean {nearest}?" if nearest else f"it has {', '.join(known) or 'none'}"
            raise SweepError(f"{source.file} has no value {name!r} under `vars`", help)
        if not values:
            raise SweepError(f"there are no values for {name}")


def _in_chunks(
    data: bytes,
    combinations: Iterator[_Combination],
    size: int,
    executor: Executor | None,
) -> Iterator[Variant]:
    chunks = iter(lambda: list(islice(combinations, size)), [])
    if executor is None:
        for chunk in chunks:
            yield from _variants(data, chunk)
        return
    under_way: deque[Future[list[Variant]]] = deque()
    try:
        for chunk in chunks:
            under_way.append(executor.submit(_variants, data, chunk))
            if len(under_way) >= UNDER_WAY:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def _variants(data: bytes, chunk: list[_Combination]) -> list[Variant]:
    """The variants of some combinations; what a worker process runs."""
    study = _study(data)
    return [variant for number, values in chunk for variant in study.variants(number, values)]


@lru_cache(maxsize=1)
def _study(data: bytes) -> _Study:
    file, text, settings = pickle.loads(data)
    return _Study(Source(file, text), settings)


class _Study:
    """A spec that has been read, to be walked many times."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self.source = source
        self.settings = settings
        documents, problems = parse(source)
        self.memory = Memory()
        self.models, more = build_models(source, documents, self.memory.known)
        linter = Linter(source, settings.selection, settings.command_line)
        self.outside = linter.file_diagnostics([*problems, *more])
        self.linters = [self._linter(model) for model in self.models]

    def _linter(self, model: ModelSpec) -> Linter:
        """A linter for the rules whose findings are errors: no others are looked for."""
        settings = self.settings
        places = (settings.selection, Control(model).selection, settings.command_line)
        policy = Policy(*places)
        codes = [
            rule.code
            for rule in rules.all_rules()
            if policy.reports(rule) and policy.severity_of(rule) is Severity.ERROR
        ]
        errors_only = Selection(select=tuple(codes), severity=settings.command_line.severity)
        limits = (settings.limits, settings.command_line_limits)
        return Linter(self.source, settings.selection, errors_only, limits)

    def variants(self, number: int, values: dict[str, Any]) -> Iterator[Variant]:
        """Every model at one combination."""
        settings = self.settings
        asked = Settings({**settings.set, **values}, settings.inputs)
        earlier: dict[str, WalkResult] = {}
        for position, model in enumerate(self.models):
            result = walk(model, earlier, overrides_for(model, asked), self.memory)
            earlier.setdefault(model.name, result)
            inside, hidden = self.linters[position].model_diagnostics(model, result)
            yield _variant(number, values, model, result, [*self.outside, *inside], hidden)


def _variant(
    number: int,
    values: dict[str, Any],
    model: ModelSpec,
    result: WalkResult,
    found: list[Diagnostic],
    hidden: int,
) -> Variant:
    report = ModelReport(model.source.file, model, result.graph, tuple(found))
    figures = {name: report.total(name) for name in ("params", "trainable_params", "macs")}
    known = {name: total.value if total.complete else None for name, total in figures.items()}
    errors = [one for one in found if one.severity is Severity.ERROR]
    first = errors[0] if errors else None
    return Variant(
        number=number,
        values=values,
        model=model.name,
        ok=not errors,
        errors=len(errors) + hidden,
        error=f"{first.code} line {first.line}: {first.message}" if first else "",
        memory=_memory(result, known["params"]),
        layers=len(result.graph.nodes),
        output=_output(report),
        **known,
    )


def _memory(result: WalkResult, params: int | None) -> int | None:
    total = Costs(result.graph).total
    return None if params is None or not total.complete else total.value


def _output(report: ModelReport) -> str:
    outputs = report.outputs
    if len(outputs) == 1:
        return format_shape(next(iter(outputs.values())))
    return ", ".join(f"{name} {format_shape(shape)}" for name, shape in outputs.items())
