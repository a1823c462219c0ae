"""Which cells of a tensor its readers read: SC201, SC202 and SC203 look at the tensor, not at one
layer. A ResNet's strided 1×1 projection loses nothing that the 3×3 beside it does not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

from shapecalc.graph import Graph, Inference, Node, Port
from shapecalc.sizes import Window

#: How much of one model is looked at cell by cell (about so many nanoseconds); past that only the
#: ends are compared.
MAX_COST = 1 << 28
#: The same for the cells of one axis: each takes a few bytes.
MAX_CELLS = 1 << 24


class Unread(NamedTuple):
    """How many cells along an axis none of a tensor's readers reads."""

    #: Behind the last cell that is read.
    end: int
    #: Before it: between the windows, or between the taps of a dilated one.
    skipped: int


@dataclass(frozen=True, slots=True)
class AxisCoverage:
    """An axis along which a sliding layer does not read all by itself, and what comes of it."""

    axis: int
    window: Window
    #: Cells of the input at its end that no reader reads.
    unread_end: int
    #: Cells further inside that no reader reads.
    skipped: int
    #: Of the cells that this layer drops at the end, those that a layer before it had added.
    padding_before: int

    @property
    def dropped_padding(self) -> int:
        """Cells of padding at the end that this layer does not read, whoever added them."""
        return self.window.dropped_padding + min(self.window.unread, self.padding_before)

    @property
    def spared(self) -> bool:
        """Whether this layer drops cells of the input, all of which another reader reads."""
        return self.window.unread > self.padding_before and not self.unread_end


#: Layers, and the axes along which they do not read all.
Coverage = list[tuple[Node, list[AxisCoverage]]]
_known: WeakKeyDictionary[Graph, Coverage] = WeakKeyDictionary()


def coverage(graph: Graph) -> Coverage:
    """The sliding layers in order that have axes on which their size is not an integer or cells are
    skipped, and those axes."""
    found = _known.get(graph)
    if found is None:
        found = _known[graph] = _Readers(graph).coverage()
    return found


def losses(graph: Graph) -> Iterator[tuple[Node, list[AxisCoverage]]]:
    """The layers whose size is not an integer, and the axes along which that loses cells of the
    input that no other layer reads (SC201)."""
    for node, axes in coverage(graph):
        lost = [c for c in axes if not c.window.exact and c.unread_end]
        if lost:
            yield node, lost


def has_gaps(window: Window) -> bool:
    """Whether cells before the last one it reads may stay unread."""
    if window.kernel == 1 or window.dilation == 1:
        return window.stride > window.kernel and window.out > 1
    return window.stride > 1 or window.out < window.dilation


def read_cells(window: Window) -> bytearray:
    """For each cell of the axis, whether the window ever touches it."""
    cells = bytearray(window.n)
    last = (window.out - 1) * window.stride
    for tap in range(window.kernel):
        first = tap * window.dilation - window.before
        start = first if first >= 0 else first % window.stride
        stop = min(first + last + 1, window.n)
        if start < stop:
            count = len(range(start, stop, window.stride))
            cells[start : stop : window.stride] = b"\1" * count
    return cells


def unread_cells(windows: Iterable[Window], before: int = 0, after: int = 0) -> Unread:
    """What windows over the same axis leave unread together, but for ``before`` cells at its start
    and ``after`` at its end that hold nothing but padding."""
    read = 0
    n = 0
    for window in windows:
        n = window.n
        read |= int.from_bytes(read_cells(window), "big")
    cells = bytearray(read.to_bytes(n, "big"))
    cells[: min(before, n)] = b"\1" * min(before, n)
    cells[max(n - after, 0) :] = b"\1" * min(after, n)
    if after < n and cells[n - after - 1] == 0:
        # Behind the last cell that counts there is only padding: neither of the two is lost there.
        inner = cells[: n - after].rstrip(b"\0")
        return Unread(n - after - len(inner), inner.count(0))
    return Unread(0, cells.count(0))


def _uneven(inference: Inference) -> list[tuple[int, int, Window]]:
    """The axes (of how many) along which a layer may not read all, with its windows."""
    windows = inference.windows or ()
    return [
        (axis, len(windows), window)
        for axis, window in enumerate(windows)
        if window is not None and (not window.exact or has_gaps(window))
    ]


class _Readers:
    """Who reads which tensor of a model."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.outputs = {(port.node.number, port.number) for port in graph.outputs.values()}
        self.cost_left = MAX_COST
        self.known: dict[tuple[int, int, int], Unread | None] = {}
        self.computed: dict[tuple[frozenset[Window], int, int], Unread] = {}

    def coverage(self) -> Coverage:
        found: Coverage = []
        for node in self.graph.nodes:
            uneven = node.inference.fact(_uneven) if node.inference and node.inputs else ()
            axes = []
            for axis, rank, window in uneven:
                unread = self.unread(node.inputs[0], axis, rank)
                if unread is not None:
                    _, added = _added(node.inputs[0].node, axis - rank)
                    axes.append(AxisCoverage(axis, window, *unread, added))
            if axes:
                found.append((node, axes))
        return found

    def unread(self, port: Port, axis: int, rank: int) -> Unread | None:
        """What no reader of a tensor reads along an axis; ``None`` where that is not known."""
        key = (port.node.number, port.number, axis)
        if key not in self.known:
            self.known[key] = self._unread(port, axis, rank)
        return self.known[key]

    def _unread(self, port: Port, axis: int, rank: int) -> Unread | None:
        key = (port.node.number, port.number)
        before, after = _added(port.node, axis - rank)
        windows = []
        for reader in self.graph.readers(port.node, port.number):
            if reader.inference is None:
                return None
            slides = reader.inference.windows
            if slides is None:
                return Unread(0, 0)
            window = slides[axis] if axis < len(slides) else None
            if window is None:
                return None
            windows.append(window)
        if key in self.outputs or any(w.unread <= after and not has_gaps(w) for w in windows):
            return Unread(0, 0)
        return self.left_by(frozenset(windows), before, after)

    def left_by(self, windows: frozenset[Window], before: int, after: int) -> Unread:
        """What windows leave unread together, computed once for layers that repeat."""
        key = (windows, before, after)
        if key not in self.computed:
            cost = sum(w.n + w.kernel * (1000 + w.n // w.stride) for w in windows)
            if cost > self.cost_left or any(w.n > MAX_CELLS for w in windows):
                return Unread(max(min(window.unread for window in windows) - after, 0), 0)
            self.cost_left -= cost
            unread = unread_cells(windows, before, after)
            # Where cells are skipped all along, those at the end are no finding of their own.
            self.computed[key] = Unread(0, sum(unread)) if unread.skipped else unread
        return self.computed[key]


def _added(node: Node, axis: int) -> tuple[int, int]:
    """The cells that a layer has put around its input along an axis, -1 for the last one."""
    added = node.layer.added_cells() if node.layer else ()
    before, after = added[axis] if -axis <= len(added) else (0, 0)
    return max(before, 0), max(after, 0)
