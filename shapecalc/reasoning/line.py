"""Sizes along a line: one axis of an input, or several that grow together.

Convolutions, pools and transposed convolutions map ``n + s`` to ``f(n) + 1`` (or ``n + 1`` to
``f(n) + s``) once their kernel fits, and so does every stack and every merge of them: with the
total down-stride D of all paths, ``f(n + D) = f(n) + U`` for every layer. From the first size on at
which that holds for all layers, one period decides for all sizes; those below are tried one by one.
A layer that counts on a fixed number of elements never fits again once there are more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from math import lcm
from typing import NamedTuple

from shapecalc.coverage import has_gaps
from shapecalc.graph import Graph, Node
from shapecalc.layers.base import Shape
from shapecalc.layers.reaches import axis_at
from shapecalc.reasoning.input_axes import InputAxis
from shapecalc.reasoning.replay import WEIGHTS, Failure, Loss, Outcome, Replay, Run
from shapecalc.reasoning.size_sets import SizeSet, from_predicate, from_scan

#: No size beyond this is tried.
MAX_SIZE = 4096
#: A longer period is not looked for.
MAX_PERIOD = 1024
#: So many layers may run for one line.
MAX_WORK = 20_000
#: The same where the whole spec is walked anew for each size.
MAX_REWALK = 18_000


class Line:
    """Outcomes by size, and what is known of all sizes."""

    def __init__(self, replay: Replay, axes: tuple[InputAxis, ...], share: int = 1) -> None:
        self.replay = replay
        self.axes = axes
        #: Among how many lines the work is shared.
        self.share = share
        self._shapes: dict[str, Shape] = {
            axis.input: replay.base.inputs[axis.input].outputs[0].shape or () for axis in axes
        }
        #: What changes along other lines only: it says nothing about this one.
        self.foreign: frozenset[tuple[int, int]] = frozenset()
        self.outcomes: dict[int, Outcome] = {}
        self._rises: dict[tuple[int, int, int], bool] = {}
        self._work = replay.work

    @property
    def own(self) -> int:
        """The size of the spec itself."""
        return self.axes[0].own

    def at(self, size: int) -> Outcome:
        """The model at a size."""
        found = self.outcomes.get(size)
        if found is None:
            found = self.outcomes[size] = self.replay.at(self.shapes(size))
        return found

    def shapes(self, size: int | None) -> dict[str, Shape]:
        """The inputs of the line with a size along its axes."""
        shapes = dict(self._shapes)
        for axis in self.axes:
            shapes[axis.input] = axis.resized(shapes[axis.input], size)
        return shapes

    def with_other(self, other: Line, size: int, its: int) -> Outcome:
        """The model at a size of this line and one of another."""
        shapes = dict(self._shapes)
        for line, wanted in ((self, size), (other, its)):
            for axis in line.axes:
                shape = shapes.get(axis.input, other._shapes.get(axis.input, ()))
                shapes[axis.input] = axis.resized(shape, wanted)
        return self.replay.at(shapes)

    @property
    def anywhere(self) -> Failure | None:
        """What is wrong whatever the size: where sizes that nobody knows fail already."""
        return self.replay.at(self.shapes(None)).failure

    def valid(self, size: int) -> bool:
        """Whether the model has no error at a size."""
        return self.at(size).valid

    def exact(self, size: int) -> bool:
        """Whether no layer loses cells of its input either."""
        outcome = self.at(size)
        return outcome.valid and not self.losses(outcome)

    def losses(self, outcome: Outcome) -> list[Loss]:
        """Where cells are lost, but for the axes that only another line changes."""
        found = outcome.inexact()
        return [loss for loss in found if (loss.node.number, loss.axis) not in self.foreign]

    @cached_property
    def varying(self) -> frozenset[tuple[int, int]]:
        """(number of a sliding layer, its axis) of what changes along the line."""
        one, *others = (self.at(size) for size in self.probes)
        found: set[tuple[int, int]] = set()
        for other in others:
            for number, axis, size in _window_sizes(other):
                node = one.node(number)
                windows = node.inference.windows if node and node.inference else None
                window = windows[axis] if windows and axis < len(windows) else None
                if window is None or window.n != size:
                    found.add((number, axis))
        return frozenset(found)

    @cached_property
    def probes(self) -> tuple[int, ...]:
        """The spec's own size, and a few from which it shows what depends on it."""
        period = min(self.period, MAX_PERIOD)
        around = [self.own + period, self.own + 2 * period, self.own - period]
        if self.replay.rewalks:
            around += [2 * self.own, 3 * self.own]  # what divides the size still does
        return (self.own, *(size for size in around if size > 0))

    @property
    def _spent(self) -> bool:
        return self.replay.work - self._work > MAX_WORK

    @cached_property
    def period(self) -> int:
        """The least common down-stride of all paths."""
        periods: dict[int, int] = {node.number: 1 for node in self.replay.base.inputs.values()}
        for node in self.replay.base.nodes:
            period = lcm(*(periods.get(port.node.number, 1) for port in node.inputs), 1)
            periods[node.number] = min(period * _stride(node), MAX_PERIOD + 1)
        return lcm(*periods.values())

    @cached_property
    def start(self) -> int | None:
        """The size from which on everything repeats; ``None`` where that is not known."""
        if self.replay.rewalks or self.period > MAX_PERIOD:
            return None
        if not all(map(_keeps_periods, self.replay.base.nodes)):
            return None
        start = self._settled()
        return start if start is not None and self._is_sound(start) else None

    @cached_property
    def scanned(self) -> tuple[int, int] | None:
        """The first and last size of those tried, where nothing is proved beyond them: outwards
        from the spec's own as far as the work allows."""
        if self.start is not None:
            return None
        most = min(max(3 * self.own, 512), MAX_SIZE)
        allowed = (MAX_REWALK if self.replay.rewalks else MAX_WORK) // self.share
        low = high = self.own
        begun = self.replay.work
        self.at(self.own)
        while self.replay.work - begun < allowed and (low > 1 or high < most):
            if low > 1:
                low -= 1
                self.at(low)
            if high < most:
                high += 1
                self.at(high)
        return low, high

    @cached_property
    def valid_sizes(self) -> SizeSet:
        """The sizes at which the model has no error."""
        if self.start is None:
            return from_scan(self.valid, *(self.scanned or (1, 1)))
        return from_predicate(self.valid, self.start, self.period)

    @cached_property
    def exact_sizes(self) -> SizeSet:
        """The sizes at which no layer loses cells of its input."""
        if self.start is None:
            return from_scan(self.exact, *(self.scanned or (1, 1)))
        return from_predicate(self.exact, self.start, self.period)

    def _is_sound(self, start: int) -> bool:
        """Whether the spec's own size, which fits, is among those that the period lets in."""
        own = self.own
        if own < start or not self.valid(own):
            return True
        return self.valid(start + (own - start) % self.period)

    def _settled(self) -> int | None:
        """The first size from which on every layer's sizes rise evenly, over two periods."""
        self._work = self.replay.work
        size, since = 1, 1
        while size < MAX_SIZE and not self._spent:
            if not self._is_settled(size):
                since = size + 1
            elif size - since + 1 >= self.period:
                crossing = self._last_crossing(since)
                if crossing <= since:
                    return self._first_settled(since)
                since = crossing
                size = max(size, since)
            size += 1
        return None

    def _first_settled(self, start: int) -> int:
        """The first size that behaves as all those from ``start`` on do."""
        while start > 1 and not self._spent and self._is_settled(start - 1):
            start -= 1
        return start

    def _is_settled(self, size: int) -> bool:
        """Whether up to two periods on every size rises by the same, and nothing else changes."""
        outcomes = [self.at(size + turn * self.period) for turn in range(3)]
        failures = [outcome.failure for outcome in outcomes]
        if any(failures):
            numbers = {failure.node.number if failure else None for failure in failures}
            return len(numbers) == 1 and is_permanent([f.node for f in failures if f], outcomes)
        columns = zip(*(outcome.runs for outcome in outcomes), strict=True)
        return all(self._rise(*column) for column in columns)

    def _rise(self, a: Run, b: Run, c: Run) -> bool:
        """Whether a stretch rises evenly and loses cells at the same layers."""
        if a is b is c:
            return True
        key = (id(a), id(b), id(c))
        known = self._rises.get(key)
        if known is None:
            three = (a, b, c)
            lost = {tuple((one.node.number, one.axis) for one in run.inexact) for run in three}
            known = len(lost) == 1 and _is_even(a.sizes, b.sizes, c.sizes)
            self._rises[key] = known
        return known

    def _last_crossing(self, start: int) -> int:
        """Beyond which size no two inputs of a layer (a crop and its target) meet again, and no
        layer gets past a cell up to which it behaves differently."""
        last = start
        seen: set[tuple[int, int]] = set()
        for size in range(start, start + self.period):
            now, then = self.at(size), self.at(size + self.period)
            if not (now.valid and then.valid):
                continue
            for one, two in zip(now.runs, then.runs, strict=True):
                if (id(one), id(two)) in seen:
                    continue
                seen.add((id(one), id(two)))
                for node, later in zip(one.graph.nodes, two.graph.nodes, strict=True):
                    last = max(last, *_crossings(node, later, size, self.period), start)
                    for axis, least in _bends(one.graph, node):
                        rise = _rise_along(node, later, axis)
                        if rise and rise.by > 0 and rise.size < least:
                            turns = -(-(least - rise.size) // rise.by)
                            last = max(last, size + turns * self.period)
        return last


def _window_sizes(outcome: Outcome) -> Iterable[tuple[int, int, int]]:
    """(number, axis, size) of what each sliding layer receives."""
    for run in outcome.runs:
        for node in run.graph.nodes:
            windows = node.inference.windows if node.inference else None
            for axis, window in enumerate(windows or ()):
                if window is not None:
                    yield node.number, axis, window.n


def is_permanent(nodes: list[Node], outcomes: list[Outcome]) -> bool:
    """Whether a layer that does not fit at three sizes, a period apart, never will again."""
    inputs = [[port.tensor.shape for port in node.inputs] for node in nodes]
    if inputs[0] == inputs[1] == inputs[2]:
        return True
    failure = outcomes[0].failure
    assert failure is not None
    if failure.code == "SC104":
        return _grows_apart(inputs)
    if nodes[0].type == "center_crop" and len(inputs[0]) == 2:
        return _is_outgrown(inputs)
    if failure.code == "SC105":
        return _keeps_rest(nodes[0], [tuple(_flat(shapes)) for shapes in inputs])
    if failure.code in (WEIGHTS, "SC101", "SC107"):
        counts = [outcome.failure.needed if outcome.failure else None for outcome in outcomes]
        known = [count for count in counts if count is not None]
        too_many = failure.fixed is not None and known[:1] > [failure.fixed]
        return len(known) == 3 and too_many and known == sorted(known)
    return False


def _keeps_rest(node: Node, sizes: list[tuple[int | None, ...]]) -> bool:
    """Whether what does not divide a layer's input rises by a multiple of its factor."""
    factor = _stride(node)
    if factor == 1 or not _is_even(*sizes):
        return False
    rises = [(b or 0) - (a or 0) for a, b in zip(*sizes[:2], strict=True)]
    return all(rise % factor == 0 for rise in rises)


def _flat(shapes: Iterable[Shape | None]) -> Iterable[int | None]:
    for shape in shapes:
        yield from (None,) if shape is None else shape


def _is_even(*sizes: tuple[int | None, ...]) -> bool:
    """Whether each of the sizes rises by the same twice."""
    if len({len(one) for one in sizes}) > 1:
        return False
    for a, b, c in zip(*sizes, strict=True):
        if a is None or b is None or c is None:
            if (a, b, c) != (None, None, None):
                return False
        elif b - a != c - b:
            return False
    return True


def _grows_apart(inputs: list[list[Shape | None]]) -> bool:
    """Whether two inputs of a merge differ along an axis and will not come closer."""
    first, *others = ([inputs[turn][i] for turn in range(3)] for i in range(len(inputs[0])))
    for other in others:
        shapes = [*first, *other]
        if any(shape is None for shape in shapes) or len({len(s or ()) for s in shapes}) > 1:
            continue
        for one, two in zip(
            zip(*(s or () for s in first), strict=True),
            zip(*(s or () for s in other), strict=True),
            strict=True,
        ):
            if _stays_apart(one, two):
                return True
    return False


def _is_outgrown(inputs: list[list[Shape | None]]) -> bool:
    """Whether along an axis the second of two inputs is larger, and remains so."""
    gaps = [
        [(b or 0) - (a or 0) for a, b in zip(one or (), other or (), strict=False)][1:]
        for one, other in inputs
    ]
    return any(
        0 < gap[0] <= gap[1] and gap[1] - gap[0] == gap[2] - gap[1]
        for gap in zip(*gaps, strict=False)
    )


def _stays_apart(one: tuple[int | None, ...], other: tuple[int | None, ...]) -> bool:
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if len(pairs) < 3 or any(1 in pair for pair in pairs):
        return False
    gaps = [a - b for a, b in pairs]
    if gaps[0] < 0:
        gaps = [-gap for gap in gaps]
    steady = gaps[1] - gaps[0] == gaps[2] - gaps[1] or any(
        len({pair[side] for pair in pairs}) == 1 for side in (0, 1)
    )
    return steady and 0 < gaps[0] <= gaps[1] <= gaps[2]


def _stride(node: Node) -> int:
    inference = node.inference
    windows = inference.windows if inference else None
    if windows is not None:
        return lcm(*(window.stride for window in windows if window is not None), 1)
    for field_name in ("downscale_factor", "block_size", "step"):
        value = getattr(node.layer, field_name, None)
        if isinstance(value, int) and value > 1:
            return value
    return 1


def _keeps_periods(node: Node) -> bool:
    """Whether a layer's size rises evenly: a factor that is no integer does not."""
    for field_name in ("scale_factor", "output_ratio"):
        factors = getattr(node.layer, field_name, None)
        for factor in factors if isinstance(factors, tuple) else (factors,):
            if factor is not None and not float(factor).is_integer():
                return False
    return True


class _Rise(NamedTuple):
    """A size of what a layer receives, and by how much it rises in a period."""

    size: int
    by: int


def _rise_along(node: Node, later: Node, axis: int) -> _Rise | None:
    shapes = [(one.inputs[0].tensor.shape or ())[axis : axis + 1 or None] for one in (node, later)]
    sizes = [size for shape in shapes for size in shape if size is not None]
    return _Rise(sizes[0], sizes[1] - sizes[0]) if len(sizes) == 2 else None


def _bends(graph: Graph, node: Node) -> Iterable[tuple[int, int]]:
    """(axis, size) up to which a layer need not do what it does beyond: a slice that ends at a
    cell takes all of a shorter axis, windows with gaps may leave none on one."""
    if not node.inputs or node.inference is None:
        return
    bounds = [getattr(node.layer, name, None) for name in ("start", "end", "split_size")]
    most = max((abs(bound) for bound in bounds if isinstance(bound, int)), default=0)
    if most > 1:
        rank = len(node.inputs[0].tensor.shape or ())
        yield axis_at(rank, getattr(node.layer, "dim", 1)) - rank, most
    windows = node.inference.windows or ()
    last = -1 if node.inference.call.channels_last else 0
    for axis, window in enumerate(windows, last - len(windows)):
        if window is not None and has_gaps(window):
            strides = {window.stride}
            for reader in graph.readers(node.inputs[0].node, node.inputs[0].number):
                others = reader.inference.windows if reader.inference else None
                strides |= {other.stride for other in others or () if other is not None}
            if max(strides) > 1:  # else every size is an integer, and nothing is lost
                yield axis, window.span + window.stride * window.dilation + lcm(*strides)


def _crossings(node: Node, later: Node, size: int, period: int) -> Iterable[int]:
    """The sizes beyond which two inputs that grow at different rates stay apart."""
    if len(node.inputs) < 2:
        return
    first, first_later = node.inputs[0].tensor.shape, later.inputs[0].tensor.shape
    for port, port_later in zip(node.inputs[1:], later.inputs[1:], strict=True):
        shapes = (first, first_later, port.tensor.shape, port_later.tensor.shape)
        if any(shape is None for shape in shapes) or len({len(s) for s in shapes if s}) != 1:
            continue
        for a, a_later, b, b_later in zip(*(s or () for s in shapes), strict=True):
            if a is None or a_later is None or b is None or b_later is None:
                continue
            rate = (a_later - a) - (b_later - b)
            gap = b - a
            if rate and gap * rate > 0:
                yield size + (gap // rate + 2) * period
