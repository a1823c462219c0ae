"""The rows of the table: leaf layers under the containers and blocks they ran in, folded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecalc.layers import catalogue
from shapecalc.layers.base import format_shape, product
from shapecalc.render._columns import DEFAULT, Cell, Column, Span, columns

if TYPE_CHECKING:
    from shapecalc.layers.base import Framework
    from shapecalc.render import Options
    from shapecalc.report import LayerReport, ModelReport

#: A table with more rows than this is folded.
MAX_ROWS = 60
#: How many rows a folded level keeps at its beginning and its end.
KEPT_ROWS = 20


@dataclass(slots=True)
class Row:
    """A layer, or a container or block with its layers; or a weight, which only has a size."""

    type: str
    name: str | None
    span: Span
    #: What stands in each column.
    cells: list[Cell]
    marks: str
    children: list[Row] = field(default_factory=list)
    #: The weights of a layer, where they are asked for.
    weights: tuple[Row, ...] = ()
    #: How many rows in a row look the same.
    times: int = 1
    folded: bool = False
    #: What it is in, where rows are not shown as a tree.
    place: str = ""

    def key(self) -> tuple[object, ...]:
        """What makes two rows look the same."""
        weights = tuple(weight.key() for weight in self.weights)
        return (self.type, self.name, self.cells, self.marks, weights)


def shown_columns(options: Options) -> list[Column]:
    """The columns that a table shows: those asked for, and the one that it is sorted by."""
    names = list(DEFAULT if options.columns is None else options.columns)
    if options.sort and options.sort not in names:
        names.append(options.sort)
    return columns(names)


def rows_of(model: ModelReport, shown: list[Column], options: Options) -> list[Row]:
    """The rows of a model's table."""
    rows = _arranged(tree(model, shown, options.weights), options)
    _count_turns(rows, shown, model)
    key = sort_column(shown, options)
    if key is None:
        return rows
    flat = list(_flattened(rows, "", model.spec.framework))
    return ranked(flat, shown.index(key), options.top or (None if options.unfold else MAX_ROWS))


def sort_column(shown: list[Column], options: Options) -> Column | None:
    """The column that rows are sorted by; without one asked for, ``top`` takes the first that is
    shown and can be sorted by."""
    if options.sort is not None:
        return columns([options.sort])[0]
    return next((column for column in shown if column.sortable), None) if options.top else None


def _arranged(rows: list[Row], options: Options) -> list[Row]:
    """The rows folded and joined as asked for, by default so that they fit."""
    if options.unfold:
        return rows
    if options.depth is not None:
        _fold_below(rows, options.depth)
        return _merge(rows)
    level = height(rows)
    rows = _merge(rows)
    if options.sort or options.top:
        return rows
    if _count(rows, level) > MAX_ROWS:
        # The fewer levels, the fewer rows.
        fitting = bisect_right(range(1, level), MAX_ROWS, key=lambda depth: _count(rows, depth))
        _fold_below(rows, max(fitting, 1))
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


def tree(model: ModelReport, shown: list[Column], weights: bool) -> list[Row]:
    """Leaf layers nested in their groups; both come in the order they ran."""
    root: list[Row] = []
    open_groups: list[tuple[int, list[Row]]] = [(len(model.layers) + 1, root)]
    groups = iter(model.graph.groups)
    group = next(groups, None)
    source = model.spec.source
    marks = _marks(model)
    marked = sorted(marks)
    mark_of: dict[int, str] = {}
    for node in [*model.graph.nodes, None]:
        number = node.number if node else len(model.layers)
        while open_groups[-1][0] <= number and len(open_groups) > 1:
            open_groups.pop()
        while group is not None and group.first == number:
            span = Span(group.first, group.last, group)
            row = Row(group.type, group.spec.name, span, _cells(model, shown, span), "")
            open_groups[-1][1].append(row)
            if group.last > number:
                open_groups.append((group.last, row.children))
            group = next(groups, None)
        if node is not None:
            mark = ""
            if marked and node.spec is not None:
                key = id(node.spec)
                if key not in mark_of:
                    extent = source.span(node.spec.extent)
                    mark_of[key] = _mark_within(marks, marked, extent[:2], extent[2:])
                mark = mark_of[key]
            span = Span(number, number + 1)
            row = Row(node.type, node.name, span, _cells(model, shown, span), mark)
            if weights:
                row.weights = tuple(_weights(model.layers[number], shown, span))
            open_groups[-1][1].append(row)
    _mark_groups(root)
    return root


def _weights(layer: LayerReport, shown: list[Column], span: Span) -> Iterator[Row]:
    owner = layer.node.owner
    shared = owner.inference.weights if owner and owner.inference else {}
    for name, shape in layer.weights.items():
        text, size = format_shape(shape), product(shape)
        if shared.get(name) == shape:
            text, size = f"{text} (shared)", 0
        figure = Cell("?" if size is None else f"{size:,}", size)
        cells = [figure if column.name == "params" else Cell() for column in shown]
        yield Row(name, text, span, cells, "")


def _cells(model: ModelReport, shown: list[Column], span: Span, times: int = 1) -> list[Cell]:
    return [column.cell(model, span, times) for column in shown]


def _count_turns(rows: list[Row], shown: list[Column], model: ModelReport, times: int = 1) -> None:
    """Let shares count every turn that a row stands for."""
    if not any(column.bar for column in shown):
        return
    for row in rows:
        turns = times * row.times
        if turns > 1:
            row.cells = _cells(model, shown, row.span, turns)
        _count_turns(row.children, shown, model, turns)


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


def height(rows: list[Row]) -> int:
    """How many levels rows have."""
    return 1 + max((height(row.children) for row in rows), default=0) if rows else 0


def _count(rows: list[Row], depth: int) -> int:
    """How many rows there are to show when what lies deeper is folded."""
    return sum(
        1 + len(row.weights) + (0 if _may_fold(row, depth) else _count(row.children, depth - 1))
        for row in rows
    )


def _may_fold(row: Row, depth: int) -> bool:
    """Whether a row so many levels above the deepest one to show hides those below it."""
    return depth <= 1 and bool(row.children) and row.marks in ("", "·")


def _fold_below(rows: list[Row], depth: int) -> None:
    """Fold what lies deeper than ``depth`` levels, except where something was found."""
    for row in rows:
        if depth <= 1:
            row.folded = _may_fold(row, depth)
        if not row.folded:
            _fold_below(row.children, depth - 1)


def _leave_out(rows: list[Row]) -> list[Row]:
    """The beginning and the end of a long list, and what was found in between."""
    middle = [row for row in rows[KEPT_ROWS:-KEPT_ROWS] if row.marks in ("E", "W")][:KEPT_ROWS]
    hidden = len(rows) - 2 * KEPT_ROWS - len(middle)
    return [*rows[:KEPT_ROWS], _gap(rows[0], hidden), *middle, *rows[-KEPT_ROWS:]]


def _gap(like: Row, hidden: int) -> Row:
    """A row that stands for rows left out."""
    text = f"… {hidden:,} more layer{'s' * (hidden > 1)}"
    return Row(text, None, like.span, [Cell() for _ in like.cells], "")


def ranked(rows: list[Row], column: int, most: int | None) -> list[Row]:
    """The rows with the largest figure in a column first, and only so many of them."""
    rows = sorted(rows, key=lambda row: rank(row.cells[column]), reverse=True)
    shown = rows[:most]
    hidden = sum(row.times for row in rows[len(shown) :])
    return [*shown, _gap(shown[0], hidden)] if hidden else shown


def rank(cell: Cell) -> float:
    """By what a row is sorted; what is not known comes last."""
    return cell.value if isinstance(cell.value, (int, float)) else -1


def _flattened(rows: list[Row], place: str, framework: Framework) -> Iterator[Row]:
    """What has no rows below it, with the names of the blocks that it is in, and how often."""
    types = catalogue(framework).types
    for row in rows:
        if row.children and not row.folded:
            plain = row.type in types and types[row.type].container
            name = row.name or ("" if plain else row.type)
            inner = " › ".join(filter(None, (place, name)))
            for below in _flattened(row.children, inner, framework):
                below.times *= row.times
                yield below
        else:
            row.place = place
            yield row


def walk_rows(rows: list[Row], prefix: str = "", top: bool = True) -> Iterator[tuple[str, Row]]:
    """Each row to show with the guide lines of the tree before it."""
    for position, row in enumerate(rows):
        last = position == len(rows) - 1
        yield ("" if top else prefix + ("└ " if last else "├ ")), row
        if not row.folded:
            deeper = "" if top else prefix + ("  " if last else "│ ")
            yield from walk_rows([*row.weights, *row.children], deeper, top=False)
