"""The columns that tables and CSV may show: each is one entry of :data:`COLUMNS`.

A column says what stands in it for a span of layers: one layer, one turn of a container or block,
or the whole model. To add a figure that is a sum over layers, give
:class:`~shapecalc.report.LayerReport` an attribute for it and add a line with :func:`_sum`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.base import format_shape
from shapecalc.sizes import format_fraction
from shapecalc.spec.names import did_you_mean

if TYPE_CHECKING:
    from shapecalc.graph import Group, Inference, Node
    from shapecalc.layers.base import Shape, Tensor
    from shapecalc.receptive import Field
    from shapecalc.report import ModelReport, Total
    from shapecalc.sizes import TransposedWindow, Window

#: How many characters a full bar takes.
BAR_WIDTH = 8
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Span(NamedTuple):
    """The layers from ``first`` up to, not including, ``last``; ``group``: what they ran in."""

    first: int
    last: int
    group: Group | None = None


class Cell(NamedTuple):
    """What stands in a column: as people read it, and as programs do (``None``: not known)."""

    text: str = ""
    value: int | float | str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for ``--columns``, its title, what it shows, and how."""

    name: str
    title: str
    doc: str
    #: What stands in it for a span that runs so many times.
    cell: Callable[[ModelReport, Span, int], Cell]
    #: Its name in CSV and JSON, where that is another.
    key: str = ""
    right: bool = True
    #: Whether rows can be sorted by it.
    sortable: bool = False
    #: Whether the model as a whole has one: a sum over its layers.
    summed: bool = False
    #: Whether its value is a share to draw as a bar.
    bar: bool = False

    def show(self, cell: Cell) -> str:
        """The text of a cell, with its bar where it has one."""
        if not self.bar or not cell.text or cell.value is None:
            return cell.text
        return f"{cell.text:>6} {bar(float(cell.value or 0))}"


def format_total(total: Total) -> str:
    """``1,234``; ``≥ 1,234`` where a part of it is not known, ``?`` where all of it is."""
    return _incomplete(total, shortened(f"{total.value:,}"))


#: A longer expression is cut.
MAX_EXPRESSION = 80


def shortened(text: str) -> str:
    """An expression of named sizes, or its first terms: ``9,408·H·W + …``."""
    if len(text) <= MAX_EXPRESSION:
        return text
    cut = max(text.rfind(sign, 0, MAX_EXPRESSION) for sign in (" + ", " - "))
    return f"{text[:cut]} + …" if cut > 0 else text


def format_bytes(count: int) -> str:
    """``512 B``, ``18.4 KiB``, ``1.25 GiB``; ``4·H·W B`` where sizes have names."""
    if type(count) is not int:
        return f"{shortened(f'{count:,}')} B"
    if count < 1024:
        return f"{count} B"
    size, units = count / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.3g} {units[0]}" if size < 999.5 else f"{size:,.0f} {units[0]}"


def _incomplete(total: Total, text: str) -> str:
    if total.complete:
        return text
    return f"≥ {text}" if total.value else "?"


def _sum(figure: str) -> Callable[..., Cell]:
    """A sum over layers."""

    def cell(model: ModelReport, span: Span, _times: int) -> Cell:
        total = model.subtotal(figure, span.first, span.last)
        return Cell(format_total(total), total.value if total.complete else None)

    return cell


def _share(figure: str) -> Callable[..., Cell]:
    """The part of the model's total, all turns together, as a percentage and a bar."""

    def cell(model: ModelReport, span: Span, times: int) -> Cell:
        part = model.subtotal(figure, span.first, span.last)
        whole = model.total(figure)
        if not (part.complete and whole.complete and whole.value):
            return Cell("" if part.complete else "?")
        share = _part(part.value * times, whole.value)
        if share is None:
            return Cell("?")
        if not part.value:
            return Cell("", share)
        return Cell(f"{share:.1%}" if share >= 0.0005 else "<0.1%", share)

    return cell


def _part(value: int, whole: int) -> float | None:
    """What part of a whole a figure is; ``None`` where that depends on named sizes."""
    if type(value) is type(whole) is int:
        return value / whole
    from shapecalc.symbolic.size import ratio

    found = ratio(value, whole)
    return None if found is None else float(found)


def bar(share: float, width: int = BAR_WIDTH) -> str:
    """A bar of so many characters, in steps of an eighth, padded with spaces."""
    eighths = max(round(share * width * 8), 1)
    full, part = divmod(eighths, 8)
    return ("█" * full + _EIGHTHS[part].strip()).ljust(width)


def _input(model: ModelReport, span: Span, _times: int) -> Cell:
    return _shapes(port.tensor for port in _first(model, span).inputs)


def _output(model: ModelReport, span: Span, _times: int) -> Cell:
    if span.group is not None:
        return _shapes([span.group.output] if span.group.output else [])
    node = model.graph.nodes[span.last - 1]
    inference = node.inference
    if inference is not None and node.outputs is inference.outputs:
        return inference.fact(_yielded)
    return _output_cell(node.outputs, inference)


def _yielded(inference: Inference) -> Cell:
    """What stands there for all layers that share their results."""
    return _output_cell(inference.outputs, inference)


def _output_cell(outputs: tuple[Tensor, ...], inference: Inference | None) -> Cell:
    """The shapes that come out; a size that is not an integer as ``27.5→27``."""
    texts = [_rounded(outputs[0].shape, inference)] if inference and outputs else []
    texts += [format_shape(tensor.shape) for tensor in outputs[len(texts) :]]
    return Cell(_listed(texts), _shapes(outputs).value)


def _shapes(tensors: Iterable[Tensor]) -> Cell:
    texts = [format_shape(tensor.shape) for tensor in tensors]
    return Cell(_listed(texts), " ".join(texts).replace("×", "x"))


def _listed(texts: list[str]) -> str:
    return ", ".join(texts[:3]) + (", …" if len(texts) > 3 else "")


def _rounded(shape: Shape | None, inference: Inference) -> str:
    windows = inference.windows
    if shape is None or windows is None:
        return format_shape(shape)
    first = 0 if inference.call.channels_last else 1
    sizes = [format_shape((size,)) for size in shape]
    for axis, window in enumerate(windows):
        if window is None or type(window.out) is not int or first + axis >= len(sizes):
            continue
        if not window.exact:
            sizes[first + axis] = f"{format_fraction(window.fraction)}→{window.out}"
    return "×".join(sizes)


def _window(*fields: str) -> Callable[..., Cell]:
    """A field of a sliding layer along each axis; two of them: (before, after)."""

    def cell(model: ModelReport, span: Span, _times: int) -> Cell:
        inference = _first(model, span).inference
        if span.group is not None or inference is None:
            return Cell()
        windows = inference.windows or inference.transposed_windows or ()
        texts = ["?" if window is None else _numbers(window, fields) for window in windows]
        text = "×".join(texts)
        return Cell(text, text.replace("×", "x"))

    return cell


def _numbers(window: Window | TransposedWindow, fields: tuple[str, ...]) -> str:
    values = [str(getattr(window, field)) for field in fields]
    return values[0] if len(set(values)) == 1 else f"({'+'.join(values)})"


def _seen(show: Callable[[ModelReport, Field, int], str]) -> Callable[..., Cell]:
    """A figure of the receptive field, axis by axis, input by input."""

    def cell(model: ModelReport, span: Span, _times: int) -> Cell:
        texts = []
        for field in model.fields.of(model.graph.nodes[span.last - 1]):
            numbers = [show(model, field, position) for position in range(len(field.axes))]
            texts.append(numbers[0] if len(set(numbers)) == 1 else "×".join(numbers))
        text = _listed([text for text in texts if text])
        return Cell(text, " ".join(texts).replace("×", "x"))

    return cell


def _size(model: ModelReport, field: Field, position: int) -> str:
    size = field.size[position]
    whole = field.jump[position] is None or field.centre[position] is None
    if size is None:
        # Where sizes have names, all of the input is not the same number at each.
        return "all" if whole and model.graph.domain else "?"
    n = model.fields.size(field.input, field.axes[position])
    return "all" if whole and size == n else f"{size:,}"


def _jump(_model: ModelReport, field: Field, position: int) -> str:
    jump = field.jump[position]
    return "-" if jump is None else str(jump)


def _start(_model: ModelReport, field: Field, position: int) -> str:
    start = field.start[position]
    return "?" if start is None else str(start)


def _centre(_model: ModelReport, field: Field, position: int) -> str:
    centre = field.centre[position]
    return "-" if centre is None else f"{float(centre):.6g}"


def _exact(model: ModelReport, span: Span, _times: int) -> Cell:
    found = {layer.exact for layer in model.layers[span.first : span.last]}
    if None in found and False not in found:
        return Cell("?")
    exact = False not in found
    return Cell("yes" if exact else "no", str(exact).lower())


def _dtype(model: ModelReport, span: Span, _times: int) -> Cell:
    node = model.graph.nodes[span.last - 1]
    text = _listed(list(dict.fromkeys(tensor.dtype for tensor in node.outputs)))
    return Cell(text, text)


def _path(model: ModelReport, span: Span, _times: int) -> Cell:
    path = span.group.path if span.group else _first(model, span).path
    return Cell(path, path)


def _line(model: ModelReport, span: Span, _times: int) -> Cell:
    spec = span.group.spec if span.group else _first(model, span).spec
    line = model.spec.source.span(spec.extent).line if spec else 1
    return Cell(str(line), line)


def _last(figure: str, show: Callable[[int], str]) -> Callable[..., Cell]:
    """A figure of what the last layer yields."""

    def cell(model: ModelReport, span: Span, _times: int) -> Cell:
        value = getattr(model.layers[span.last - 1], figure)
        return Cell("?" if value is None else show(value), value)

    return cell


def _first(model: ModelReport, span: Span) -> Node:
    return model.graph.nodes[span.first]


#: All columns, in the order that ``--columns all`` shows them; the layer itself always comes first.
COLUMNS = (
    Column("path", "Path", "the place in the spec", _path, right=False),
    Column("line", "Line", "the line it is written in", _line),
    Column("input", "Input", "the shapes it receives", _input, key="input_shapes"),
    Column("output", "Output", "the shapes it yields", _output, key="output_shapes"),
    Column("dtype", "Dtype", "the dtype it yields", _dtype, right=False),
    Column("kernel", "Kernel", "the size of its window", _window("kernel")),
    Column("stride", "Stride", "the step of its window", _window("stride")),
    Column("padding", "Padding", "the cells added to an axis", _window("before", "after")),
    Column("dilation", "Dilation", "between the cells it reads", _window("dilation")),
    Column("params", "Params", "parameters", _sum("params"), sortable=True,
           summed=True),
    Column("trainable", "Trainable", "parameters that are trained", _sum("trainable_params"),
           key="trainable_params", sortable=True, summed=True),
    Column("params_share", "Params %", "its share of the parameters, as a bar", _share("params"),
           right=False, sortable=True, bar=True),
    Column("macs", "MACs", "multiply-accumulates for one sample", _sum("macs"), sortable=True,
           summed=True),
    Column("macs_share", "MACs %", "its share of the MACs, as a bar", _share("macs"),
           right=False, sortable=True, bar=True),
    Column("element_ops", "Element ops", "what is computed and is no MAC, for one sample",
           _sum("element_ops"), sortable=True, summed=True),
    Column("memory", "Memory", "the bytes of what it yields",
           _last("output_bytes", format_bytes), sortable=True),
    Column("field", "Field", "its receptive field in the input", _seen(_size)),
    Column("jump", "Jump", "from its field to that of the next cell", _seen(_jump)),
    Column("start", "Start", "where the field of its first cell begins", _seen(_start)),
    Column("centre", "Centre", "the middle of that field", _seen(_centre)),
    Column("exact", "Exact", "whether no size had to be rounded", _exact, right=False),
)  # fmt: skip

#: What is shown unless asked otherwise.
DEFAULT = ("output", "params")
_BY_NAME = {column.name: column for column in COLUMNS}
_NAMES = {**{column.key: column.name for column in COLUMNS if column.key}, "share": "params_share"}


class ColumnError(ValueError):
    """A column that there is not, or that cannot be sorted by; the message says which there are."""


def columns(names: Iterable[str]) -> list[Column]:
    """The columns of these names."""
    return [_BY_NAME[name] for name in names]


def read_names(words: Iterable[str]) -> tuple[str, ...]:
    """The names of columns as people write them: ``params,MACs``, ``all``, and ``+macs`` for what
    is shown anyway and that. Raises :class:`ColumnError`."""
    names: list[str] = []
    for word in words:
        if word.strip().startswith("+") and not names:
            names += DEFAULT
        names += _BY_NAME if word.strip() == "all" else [read_name(word.strip().lstrip("+"))]
    return tuple(dict.fromkeys(names))


def read_name(word: str) -> str:
    """The name of a column as people write it. Raises :class:`ColumnError`."""
    name = word.lower().replace("-", "_")
    name = _NAMES.get(name, name)
    if name in _BY_NAME:
        return name
    near = did_you_mean(name, [*_BY_NAME, *_NAMES], cutoff=0.6)
    way_out = f"did you mean {near!r}?" if near else f"there are {', '.join(_BY_NAME)}."
    raise ColumnError(f"there is no column {word!r}: {way_out}")


def read_sort(word: str) -> str:
    """The name of a column that rows can be sorted by. Raises :class:`ColumnError`."""
    name = read_name(word)
    if _BY_NAME[name].sortable:
        return name
    there = ", ".join(column.name for column in COLUMNS if column.sortable)
    raise ColumnError(f"rows cannot be sorted by {name}, only by {there}.")
