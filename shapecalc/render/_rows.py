"""The rows of the table: leaf layers under the containers and blocks they ran in, folded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecalc.graph import Node
from shapecalc.layers.base import Shape, format_shape, product
from shapecalc.report import LayerReport, ModelReport, Total
from shapecalc.sizes import format_fraction

if TYPE_CHECKING:
    from shapecalc.render import Options

#: A table with more rows than this is folded.
MAX_ROWS = 60
#: How many rows a folded level keeps at its beginning and its end.
KEPT_ROWS = 20


@dataclass(slots=True)
class Row:
    """A layer, or a container or block with its layers; or a weight, which has no output."""

    type: str
    name: str | None
    shape: str
    params: Total | None
    marks: str
    children: list[Row] = field(default_factory=list)
    #: The weights of a layer, where they are asked for.
    weights: tuple[Row, ...] = ()
    #: How many rows in a row look the same.
    times: int = 1
    folded: bool = False

    def key(self) -> tuple[object, ...]:
        """What makes two rows look the same."""
        weights = tuple(weight.key() for weight in self.weights)
        return (self.type, self.name, self.shape, self.params, self.marks, weights)


def rows_of(model: ModelReport, options: Options) -> list[Row]:
    """The rows of a model's table."""
    rows, depth = _tree(model, _marks(model), options.weights), options.depth
    if options.unfold:
        return rows
    if depth is not None:
        _fold_below(rows, depth)
        return _merge(rows)
    level = _height(rows)
    rows = _merge(rows)
    while level > 1 and _count(rows) > MAX_ROWS:
        level -= 1
        _fold_below(rows, level)
    return rows if len(rows) <= MAX_ROWS else _leave_out(rows)


def _marks(model: ModelReport) -> dict[tuple[int, int], str]:
    """Where something was found: the letter of its severity by line and column of the layer."""
    found: dict[tuple[int, int], str] = {}
    letters = {"error": "E", "warning": "W", "note": "·"}
    for diagnostic in model.diagnostics:
        place = (diagnostic.line, diagnostic.column)
        letter = letters[diagnostic.severity]
        found[place] = min(found.get(place, "·"), letter, key="EW·".index)
    return found


def _tree(model: ModelReport, marks: dict[tuple[int, int], str], weights: bool) -> list[Row]:
    """Leaf layers nested in their groups; both come in the order they ran."""
    root: list[Row] = []
    open_groups: list[tuple[int, list[Row]]] = [(len(model.layers) + 1, root)]
    groups = iter(model.graph.groups)
    group = next(groups, None)
    source = model.spec.source
    sums = _Sums(model.layers)
    marked = sorted(marks)
    for layer in [*model.layers, None]:
        number = layer.node.number if layer else len(model.layers)
        while open_groups[-1][0] <= number and len(open_groups) > 1:
            open_groups.pop()
        while group is not None and group.first == number:
            shape = format_shape(group.output.shape if group.output else None)
            row = Row(group.type, group.spec.name, shape, sums.total(group.first, group.last), "")
            open_groups[-1][1].append(row)
            if group.last > number:
                open_groups.append((group.last, row.children))
            group = next(groups, None)
        if layer is not None:
            mark = ""
            if marked and layer.node.spec is not None:
                span = source.span(layer.node.spec.extent)
                mark = _mark_within(marks, marked, span[:2], span[2:])
            open_groups[-1][1].append(_leaf(layer, mark, weights))
    _mark_groups(root)
    return root


def _mark_within(
    marks: dict[tuple[int, int], str],
    marked: list[tuple[int, int]],
    start: tuple[int, ...],
    end: tuple[int, ...],
) -> str:
    letters = [marks[place] for place in marked if start <= place < end]
    return min(letters, key="EW·".index) if letters else ""


def _mark_groups(rows: list[Row]) -> str:
    """Give a group the worst mark of its rows."""
    worst = ""
    for row in rows:
        inner = _mark_groups(row.children)
        row.marks = min((m for m in (row.marks, inner) if m), key="EW·".index, default="")
        worst = min((m for m in (worst, row.marks) if m), key="EW·".index, default="")
    return worst


class _Sums:
    """Sums of parameters over ranges of layers."""

    def __init__(self, layers: list[LayerReport]) -> None:
        self.known = [0]
        self.missing = [0]
        for layer in layers:
            self.known.append(self.known[-1] + (layer.params or 0))
            self.missing.append(self.missing[-1] + (layer.params is None))

    def total(self, first: int, last: int) -> Total:
        """The parameters of the layers from ``first`` up to, not including, ``last``."""
        complete = self.missing[last] == self.missing[first]
        return Total(self.known[last] - self.known[first], complete)


def _leaf(layer: LayerReport, mark: str, weights: bool) -> Row:
    node = layer.node
    params = Total(layer.params or 0, layer.params is not None)
    row = Row(node.type, node.name, shape_text(node), params, mark)
    if weights:
        shared = node.owner.inference.weights if node.owner and node.owner.inference else {}
        row.weights = tuple(
            _weight(name, shape, shared.get(name) == shape) for name, shape in layer.weights.items()
        )
    return row


def _weight(name: str, shape: Shape, is_shared: bool) -> Row:
    size = 0 if is_shared else product(shape)
    text = f"{format_shape(shape)} (shared)" if is_shared else format_shape(shape)
    return Row(name, text, "", Total(size or 0, size is not None), "")


def shape_text(node: Node) -> str:
    """The output's shape; a size that is not an integer as ``27.5→27``."""
    shapes = [_rounded(node)] if node.inference else []
    shapes += [format_shape(tensor.shape) for tensor in node.outputs[len(shapes) :]]
    return ", ".join(shapes[:3]) + (", …" if len(shapes) > 3 else "")


def _rounded(node: Node) -> str:
    shape: Shape | None = node.outputs[0].shape if node.outputs else None
    windows = node.inference.windows if node.inference else None
    if shape is None or windows is None or node.exact:
        return format_shape(shape)
    first = 0 if node.inference and node.inference.call.channels_last else 1
    sizes = ["?" if size is None else str(size) for size in shape]
    for axis, window in enumerate(windows):
        if window is not None and not window.exact and first + axis < len(sizes):
            sizes[first + axis] = f"{format_fraction(window.fraction)}→{window.out}"
    return "×".join(sizes)


def _merge(rows: list[Row]) -> list[Row]:
    """Join neighbours that look the same, inside and out."""
    merged: list[Row] = []
    for row in rows:
        row.children = _merge(row.children)
        last = merged[-1] if merged else None
        if last is not None and row.children and _same(last, row):
            last.times += 1
        else:
            merged.append(row)
    return merged


def _same(one: Row, other: Row) -> bool:
    return (
        one.key() == other.key()
        and len(one.children) == len(other.children)
        and all(
            a.times == b.times and _same(a, b)
            for a, b in zip(one.children, other.children, strict=True)
        )
    )


def _height(rows: list[Row]) -> int:
    return 1 + max((_height(row.children) for row in rows), default=0) if rows else 0


def _count(rows: list[Row]) -> int:
    return sum(1 + len(row.weights) + (0 if row.folded else _count(row.children)) for row in rows)


def _fold_below(rows: list[Row], depth: int) -> None:
    """Fold what lies deeper than ``depth`` levels, except where something was found."""
    for row in rows:
        if depth <= 1:
            row.folded = bool(row.children) and row.marks in ("", "·")
        if not row.folded:
            _fold_below(row.children, depth - 1)


def _leave_out(rows: list[Row]) -> list[Row]:
    """The beginning and the end of a long list, and what was found in between."""
    middle = [row for row in rows[KEPT_ROWS:-KEPT_ROWS] if row.marks in ("E", "W")][:KEPT_ROWS]
    hidden = len(rows) - 2 * KEPT_ROWS - len(middle)
    gap = Row(f"… {hidden:,} more layers", None, "", None, "")
    return [*rows[:KEPT_ROWS], gap, *middle, *rows[-KEPT_ROWS:]]


def walk_rows(rows: list[Row], prefix: str = "", top: bool = True) -> Iterator[tuple[str, Row]]:
    """Each row to show with the guide lines of the tree before it."""
    for position, row in enumerate(rows):
        last = position == len(rows) - 1
        yield ("" if top else prefix + ("└ " if last else "├ ")), row
        if not row.folded:
            deeper = "" if top else prefix + ("  " if last else "│ ")
            yield from walk_rows([*row.weights, *row.children], deeper, top=False)
