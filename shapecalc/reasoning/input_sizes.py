"""Which sizes of each input axis fit a model: valid (no error) and exact (no cell lost, SC201).

Convolutions, pools and transposed convolutions map ``n + s`` to ``f(n) + 1`` (or ``n + 1`` to
``f(n) + s``) once their kernel fits, and so does every stack and every merge of them: with the
total down-stride D of all paths, ``f(n + D) = f(n) + U`` for every layer. From the first size on at
which that holds for all layers, one period decides for all sizes; those below are tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import lcm

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import AXES, Shape
from shapecalc.reasoning.formulas import formula
from shapecalc.reasoning.replay import Outcome, Replay
from shapecalc.reasoning.size_sets import SizeSet, from_predicate

#: No size beyond this is tried.
MAX_SIZE = 4096
#: A longer period is not looked for.
MAX_PERIOD = 1024


@dataclass(frozen=True, slots=True)
class Reason:
    """A layer that keeps sizes out, and one of them."""

    node: Node
    message: str
    size: int


@dataclass(frozen=True, slots=True)
class AxisSizes:
    """The sizes of one axis (the others as in the spec) that fit a model."""

    input: str
    axis: int
    name: str
    own: int
    valid: SizeSet
    exact: SizeSet
    #: Output name -> the size of its matching axis as a function of this one.
    outputs: dict[str, str]
    #: What was tried one by one; ``None`` where the period proves it for all sizes.
    scanned_to: int | None
    #: Why sizes are not valid, and why they are not exact.
    invalid_because: tuple[Reason, ...] = field(default=())
    inexact_because: tuple[Reason, ...] = field(default=())


def input_axes(graph: Graph) -> list[tuple[str, int, str]]:
    """(input, index into its shape, axis name) of each spatial axis of each input."""
    found = []
    for name, node in graph.inputs.items():
        shape = node.outputs[0].shape
        if shape is None or None in shape:
            continue
        last = graph.spec.framework == "keras"
        names = AXES.get(len(shape) - 1, ())
        found += [
            (name, index if last else index + 1, axis_name) for index, axis_name in enumerate(names)
        ]
    return found


def axis_sizes(replay: Replay, input: str, axis: int, name: str) -> AxisSizes:
    """The sizes of one axis that fit, exactly."""
    return _Axis(replay, input, axis, name).analyse()


class _Axis:
    """The analysis of one axis: outcomes are remembered by size."""

    def __init__(self, replay: Replay, input: str, axis: int, name: str) -> None:
        self.replay = replay
        self.input = input
        self.axis = axis
        self.name = name
        shape = replay.base.inputs[input].outputs[0].shape
        assert shape is not None
        self.shape: Shape = shape
        self._outcomes: dict[int, Outcome] = {}
        self._exact: dict[int, bool] = {}

    def at(self, size: int) -> Outcome:
        found = self._outcomes.get(size)
        if found is None:
            shape = (*self.shape[: self.axis], size, *self.shape[self.axis + 1 :])
            found = self._outcomes[size] = self.replay.at({self.input: shape})
        return found

    def valid(self, size: int) -> bool:
        return self.at(size).valid

    def exact(self, size: int) -> bool:
        known = self._exact.get(size)
        if known is None:
            outcome = self.at(size)
            known = self._exact[size] = outcome.valid and not outcome.inexact()
        return known

    def analyse(self) -> AxisSizes:
        period, periodic = self._period()
        start = self._settled(period) if periodic else None
        own = self.shape[self.axis] or 1
        scanned_to = None
        if start is None:
            scanned_to = min(max(2 * own, 512), MAX_SIZE)
            start, period = scanned_to, 1
            valid = _scanned(self.valid, scanned_to)
            exact = _scanned(self.exact, scanned_to)
        else:
            if not any(self.valid(start + offset) for offset in range(period)):
                # A fixed number of elements (a dense layer after a flatten) fits around the spec's
                # own size only: sizes never fall, so that beyond it there are no others.
                start = max(start, own + 2 * period)
            valid = from_predicate(self.valid, start, period)
            exact = from_predicate(self.exact, start, period)
        return AxisSizes(
            self.input,
            self.axis,
            self.name,
            own,
            valid,
            exact,
            {} if scanned_to else self._outputs(start, period, valid),
            scanned_to,
            self._reasons(self._invalid(), start + 2 * period),
            self._reasons(self._inexact(), start + 2 * period),
        )

    # --- the period -----------------------------------------------------------------------------

    def _period(self) -> tuple[int, bool]:
        """The least common down-stride of all paths; whether every layer keeps to periods."""
        periods: dict[int, int] = {node.number: 1 for node in self.replay.base.inputs.values()}
        for node in self.replay.base.nodes:
            period = lcm(*(periods.get(port.node.number, 1) for port in node.inputs), 1)
            periods[node.number] = period * self._stride(node)
        period = lcm(*periods.values())
        periodic = all(_keeps_periods(node) for node in self.replay.base.nodes)
        return period, periodic and period <= MAX_PERIOD and not self.replay.rewalks

    @staticmethod
    def _stride(node: Node) -> int:
        inference = node.inference
        windows = inference.windows if inference else None
        if windows is None:
            return _rearranged(node)
        return lcm(*(window.stride for window in windows if window is not None), 1)

    def _settled(self, period: int) -> int | None:
        """The first size from which every layer's sizes rise evenly, over two periods."""
        size, since = 1, 1
        while size < MAX_SIZE:
            if not self._rises(size, period):
                since = size + 1
            elif size - since + 1 >= period:
                crossing = self._last_crossing(since, period)
                if crossing <= since:
                    return since
                if crossing > MAX_SIZE:
                    return None
                since = crossing
                size = max(size, since)
            size += 1
        return None

    def _rises(self, size: int, period: int) -> bool:
        """Whether up to two periods on every size rises by the same, and nothing else changes."""
        outcomes = [self.at(size + turn * period) for turn in range(3)]
        if len({o.failure.node.number if o.failure else None for o in outcomes}) > 1:
            return False
        shapes = [_sizes(outcome.graph) for outcome in outcomes]
        if len({len(one) for one in shapes}) > 1:
            return False
        for a, b, c in zip(*shapes, strict=True):
            if a is None or b is None or c is None:
                if (a, b, c) != (None, None, None):
                    return False
            elif b - a != c - b:
                return False
        return len({self.exact(size + turn * period) for turn in range(3)}) == 1

    def _last_crossing(self, start: int, period: int) -> int:
        """Beyond which size no two inputs of a merge (or a crop and its target) meet again."""
        last = start
        for offset in range(period):
            now, then = (self.at(start + offset + turn * period).graph for turn in range(2))
            for node, later in zip(now.nodes, then.nodes, strict=True):
                last = max(last, *_crossings(node, later, start + offset, period), start)
        return last

    # --- what comes of it -----------------------------------------------------------------------

    def _outputs(self, start: int, period: int, valid: SizeSet) -> dict[str, str]:
        """The outputs' sizes along this axis, for the sizes that are valid."""
        found = {}
        sizes = [size for size in range(start, start + 2 * period) if size in valid]
        for name, port in self.replay.base.outputs.items():
            shape = port.tensor.shape
            if not sizes or shape is None or len(shape) != len(self.shape):
                continue
            values = {size: self._output(name, size) for size in sizes}
            rise = self._output(name, sizes[0] + period) - values[sizes[0]]
            text = formula(values, rise, period, self.name[0].upper())
            if text:
                found[name] = text
        return found

    def _output(self, name: str, size: int) -> int:
        shape = self.at(size).graph.outputs[name].tensor.shape
        assert shape is not None
        return shape[self.axis] or 0

    def _invalid(self) -> Iterable[Reason]:
        for size, outcome in sorted(self._outcomes.items()):
            if outcome.failure:
                yield Reason(outcome.failure.node, outcome.failure.message, size)

    def _inexact(self) -> Iterable[Reason]:
        for size, exact in sorted(self._exact.items()):
            outcome = self._outcomes[size]
            if not exact and outcome.valid:
                for node in outcome.inexact():
                    yield Reason(node, "cells of its input are never read", size)

    @staticmethod
    def _reasons(found: Iterable[Reason], limit: int) -> tuple[Reason, ...]:
        """For each layer to blame the largest size below the limit that it keeps out."""
        kept: dict[tuple[int, int], Reason] = {}
        for reason in found:
            if reason.size <= limit and reason.node.spec is not None:
                kept[reason.node.spec.extent] = reason
        return tuple(kept.values())


def _sizes(graph: Graph) -> list[int | None]:
    """Every size of every layer, in order."""
    found: list[int | None] = []
    for node in graph.nodes:
        for tensor in node.outputs:
            found += tensor.shape if tensor.shape is not None else [None]
    return found


def _keeps_periods(node: Node) -> bool:
    """Whether a layer's size rises evenly: a factor that is no integer does not."""
    for field_name in ("scale_factor", "output_ratio"):
        factors = getattr(node.layer, field_name, None)
        for factor in factors if isinstance(factors, tuple) else (factors,):
            if factor is not None and not float(factor).is_integer():
                return False
    return True


def _rearranged(node: Node) -> int:
    """Layers that divide an axis by something other than a window's stride."""
    layer = node.layer
    for field_name in ("downscale_factor", "block_size"):
        value = getattr(layer, field_name, None)
        if isinstance(value, int) and value > 1:
            return value
    return 1


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


def _scanned(holds: object, scanned_to: int) -> SizeSet:
    assert callable(holds)
    sizes = tuple(size for size in range(1, scanned_to + 1) if holds(size))
    return SizeSet(1, (), scanned_to + 1, sizes)
