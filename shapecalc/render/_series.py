"""What a plot of a model shows: its layers in the order they run, or the blocks they are folded
into, with shapes, parameters, MACs and the activations that live meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc.costs.memory import Memory
from shapecalc.layers.base import format_shape
from shapecalc.render._columns import columns
from shapecalc.render._escape import printable
from shapecalc.render._rows import Row, height, tree

if TYPE_CHECKING:
    from shapecalc.report import ModelReport

#: A plot has no more rows than this unless it is asked for them.
MAX_ROWS = 60

_SHOWN = columns(("output", "params", "macs"))


@dataclass(frozen=True, slots=True)
class Step:
    """A row of a plot: a layer, or a block that is folded."""

    label: str
    shape: str
    #: The figures of :data:`FIGURES`; ``None``: not known.
    figures: tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Band:
    """Rows that belong to one block: from ``first`` up to, not including, ``last``."""

    label: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Series:
    """All of a model's rows."""

    name: str
    inputs: str
    steps: list[Step]
    bands: list[Band]

    def column(self, number: int) -> list[int | None]:
        """One figure of all rows."""
        return [step.figures[number] for step in self.steps]

    def total(self, number: int) -> tuple[int, bool]:
        """The total of a figure (of the memory, its peak), and whether all of it is known."""
        values = self.column(number)
        known = [value for value in values if value is not None]
        most = max(known, default=0)
        return (most if FIGURES[number].peak else sum(known)), len(known) == len(values)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one panel shows."""

    title: str
    unit: str
    #: Whether the largest value counts, not the sum.
    peak: bool = False


FIGURES = (
    Figure("Parameters", ""), Figure("MACs", ""), Figure("Live activations", "B", peak=True),
)  # fmt: skip


def series(model: ModelReport, depth: int | None = None, unfold: bool = False) -> Series:
    """A model's rows: of all depths that leave no more than :data:`MAX_ROWS` the deepest one, that
    asked for, or all layers."""
    rows = tree(model, _SHOWN, weights=False)
    deepest = height(rows)
    level = depth or deepest
    while not (unfold or depth) and level > 1 and len(list(_cut(rows, level))) > MAX_ROWS:
        level -= 1
    live = _live(model)
    steps: list[Step] = []
    bands: list[Band] = []
    for row in rows:
        first = len(steps)
        cut = _cut([row], deepest if unfold else level)
        steps += [_step(inner, place, live) for inner, place in cut]
        if len(steps) > first + 1:
            bands.append(Band(printable(row.name or row.type), first, len(steps)))
    shapes = (format_shape(node.outputs[0].shape) for node in model.graph.inputs.values())
    return Series(printable(model.name), ", ".join(shapes), steps, bands)


def _live(model: ModelReport) -> list[int | None]:
    """For each layer, the bytes of the activations that live while it runs, for one sample;
    ``None`` where it yields or receives what is not known."""
    memory = Memory(model.graph)
    live = {point.node.number: point.live.at(1) for point in memory.points}
    found: list[int | None] = []
    for node in model.graph.nodes:
        tensors = [*node.outputs, *(port.tensor for port in node.inputs)]
        known = all(tensor.shape is not None and None not in tensor.shape for tensor in tensors)
        found.append(live.get(node.number) if known else None)
    return found


def _cut(rows: list[Row], depth: int, place: str = "") -> Iterator[tuple[Row, str]]:
    """The rows at a depth, and those above it that have none below; with what they are in."""
    for row in rows:
        if depth > 1 and row.children:
            inner = f"{place} › {row.name}" if place and row.name else row.name or place
            yield from _cut(row.children, depth - 1, inner)
        else:
            yield row, place


def _step(row: Row, place: str, live: list[int | None]) -> Step:
    output, params, macs = row.cells
    label = f"{row.type} {row.name}" if row.name else row.type
    label += " …" if row.children else ""
    if "›" in place:
        label = f"{place.partition(' › ')[2]} › {label}"
    inside = live[row.span.first : row.span.last]
    known = [value for value in inside if value is not None]
    memory = max(known) if len(known) == len(inside) and known else None
    return Step(printable(label), output.text, (_count(params.value), _count(macs.value), memory))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def compact(value: float, unit: str = "") -> str:
    """``1.23M``, ``45.6k``; bytes in powers of 1024: ``1.5 MiB``."""
    base, names = (1024, ["", "Ki", "Mi", "Gi", "Ti"]) if unit else (1000, ["", "k", "M", "G", "T"])
    size = float(value)
    while size >= 999.5 and len(names) > 1:
        size, names = size / base, names[1:]
    number = f"{size:.3g}" if size < 999.5 else f"{size:,.0f}"
    return f"{number}{' ' if unit else ''}{names[0]}{unit}"
