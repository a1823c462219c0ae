"""Which sizes of the input axes fit a model: valid (no error) and exact (no cell lost, SC201)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from shapecalc.reasoning.formulas import formula
from shapecalc.reasoning.input_axes import InputAxis, input_axes
from shapecalc.reasoning.joint import Tie, ties
from shapecalc.reasoning.line import Line
from shapecalc.reasoning.needs import Need, exact_needs, valid_needs
from shapecalc.reasoning.replay import Replay
from shapecalc.reasoning.size_sets import SizeSet
from shapecalc.reasoning.twins import is_twin
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.source import Source

#: More sizes of an output than these (a whole shape) are not written as functions.
MAX_OUTPUTS = 8


class OutputSize(NamedTuple):
    """A size of an output as a function of the input's."""

    output: str
    formula: str
    #: The same for the exact sizes only, where it is simpler.
    where_exact: str | None = None


@dataclass(frozen=True, slots=True)
class AxisSizes:
    """The sizes that fit a model along one axis, or along several that are equal (the others as in
    the spec)."""

    axes: tuple[InputAxis, ...]
    valid: SizeSet
    exact: SizeSet
    outputs: tuple[OutputSize, ...]
    #: The first and last of those tried one by one; ``None`` where the period proves it for all.
    scanned: tuple[int, int] | None
    #: From which size on what repeats with which period, where that is proved.
    start: int
    period: int
    valid_needs: tuple[Need, ...] = field(default=())
    exact_needs: tuple[Need, ...] = field(default=())

    @property
    def name(self) -> str:
        """``height``; ``side`` where height and width are equal."""
        if len(self.axes) == 1:
            return self.axes[0].name
        names = {axis.name for axis in self.axes}
        return names.pop() if len(names) == 1 else "side"

    @property
    def own(self) -> int:
        """The size of the spec itself."""
        return self.axes[0].own

    @property
    def bound(self) -> str:
        """How far sizes were tried, where nothing is proved beyond that."""
        first, last = self.scanned or (self.start, self.start)
        which = f"up to {last}" if first == 1 else f"from {first} to {last}"
        return f"each size {which}; beyond that nothing is proved"

    def needs_to_dict(self, source: Source) -> list[dict[str, Any]]:
        """What keeps sizes out, as the JSON contract has it."""
        return [
            {
                "kind": kind,
                "layer": need.label,
                "line": source.span(need.extent).line,
                "sizes": need.sizes.to_dict(),
                "message": need.message,
            }
            for kind, needs in (("valid", self.valid_needs), ("exact", self.exact_needs))
            for need in needs
        ]

    def renamed(self, axis: InputAxis) -> AxisSizes:
        """The same for another axis that nothing tells from this one."""
        old, new = self.axes[0].letter, axis.letter
        outputs = tuple(
            OutputSize(name, text.replace(old, new), where_exact and where_exact.replace(old, new))
            for name, text, where_exact in self.outputs
        )
        return replace(self, axes=(axis,), outputs=outputs)


@dataclass(frozen=True, slots=True)
class ModelSizes:
    """All that is known of the input sizes of one model."""

    model: str
    #: One axis at a time.
    alone: tuple[AxisSizes, ...]
    ties: tuple[Tie, ...]
    #: Axes that depend on one another, with equal sizes.
    together: tuple[AxisSizes, ...]
    #: What else is to be known.
    notes: tuple[str, ...] = ()
    #: Whether the axes are named sizes (``dims``), whose own size is but a sample.
    named: bool = False


def model_sizes(replay: Replay) -> ModelSizes:
    """The sizes that fit, for each input axis, and for those that depend on one another."""
    axes = input_axes(replay.base)
    lines = [Line(replay, (axis,), len(axes)) for axis in axes]
    for line in lines:
        others = [other.varying for other in lines if other is not line]
        line.foreign = frozenset().union(*others) - line.varying
    found = ties(lines)
    tied = [group for group in groups(found) if len({axis.own for axis in group}) == 1]
    together = [axis_sizes(Line(replay, group)) for group in tied]
    # Where the network itself changes with its input, one axis alone takes too long to try.
    skipped = {axis for group in tied for axis in group} if replay.rewalks else set()
    alone: list[AxisSizes] = []
    for line in lines:
        if line.axes[0] in skipped:
            continue
        twin = next((one for one in alone if is_twin(replay.base, one.axes[0], line.axes[0])), None)
        alone.append(twin.renamed(line.axes[0]) if twin else axis_sizes(line))
    notes = tuple(_notes(replay.spec, alone))
    return ModelSizes(replay.spec.name, tuple(alone), tuple(found), tuple(together), notes)


def _notes(spec: ModelSpec, alone: list[AxisSizes]) -> Iterator[str]:
    """Sizes that are a value of the spec, which other layers may read as well."""
    shapes = {given.name: given.shape or () for given in spec.inputs}
    for sizes in alone:
        axis = sizes.axes[0]
        shape = shapes.get(axis.input, ())
        names = shape[axis.place].names if axis.place < len(shape) else ()
        for name in names:
            if name in spec.vars and not sizes.valid.residues:
                yield (
                    f"the {axis.name} is `{name}` of `vars`, which other layers may read too: "
                    f"with `check --set {name}=N` it changes everywhere"
                )


def groups(found: list[Tie]) -> list[tuple[InputAxis, ...]]:
    """The axes that hang together, in order."""
    joined: list[set[InputAxis]] = []
    for tie in found:
        touching = [group for group in joined if group & set(tie.axes)]
        joined = [group for group in joined if group not in touching]
        joined.append(set(tie.axes).union(*touching))
    return [tuple(sorted(group, key=lambda axis: (axis.input, axis.place))) for group in joined]


def axis_sizes(line: Line) -> AxisSizes:
    """What is known of the sizes along a line."""
    valid, exact = line.valid_sizes, line.exact_sizes
    return AxisSizes(
        line.axes,
        valid,
        exact,
        tuple(_outputs(line)),
        line.scanned,
        line.start or 1,
        line.period,
        valid_needs(line),
        exact_needs(line),
    )


def _outputs(line: Line) -> list[OutputSize]:
    """The sizes of the outputs that change along a line, for the sizes that are valid."""
    found = []
    for name, port in line.replay.base.outputs.items():
        shape = port.tensor.shape
        for axis in range(len(shape or ())):
            values = _values(line, name, axis)
            if len(set(values.values())) > 1:
                text = _formula(line, values)
                exact = {size: value for size, value in values.items() if size in line.exact_sizes}
                simpler = _formula(line, exact) if len(exact) < len(values) else None
                if text:
                    found.append(OutputSize(name, text, simpler if simpler != text else None))
                break
    return found[:MAX_OUTPUTS]


def _values(line: Line, name: str, axis: int) -> dict[int, int]:
    """The size of an output along an axis, for settled sizes that are valid."""
    start = line.start
    if start is None:
        return {}
    values = {}
    port = line.replay.base.outputs[name]
    for size in range(start, start + 3 * line.period):
        outcome = line.at(size)
        shape = outcome.shape(port) if outcome.valid else None
        if shape is not None and axis < len(shape) and shape[axis] is not None:
            values[size] = shape[axis] or 0
    return values


def _formula(line: Line, values: dict[int, int]) -> str | None:
    period = line.period
    rise = next((values[n + period] - v for n, v in values.items() if n + period in values), None)
    return None if rise is None else formula(values, rise, period, line.axes[0].letter)
