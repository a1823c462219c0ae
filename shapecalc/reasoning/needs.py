"""What each layer demands of a size: which of them force a modulus, which a bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapecalc.reasoning.formulas import formula
from shapecalc.reasoning.line import Line
from shapecalc.reasoning.replay import Failure
from shapecalc.reasoning.size_sets import SizeSet, from_partial, from_partial_scan
from shapecalc.spec.source import Extent, Source

#: More layers than these are not named for one axis.
MAX_NEEDS = 12


@dataclass(frozen=True, slots=True)
class Need:
    """A layer that keeps sizes out, and the sizes that it lets in of those that reach it."""

    label: str
    extent: Extent
    sizes: SizeSet
    #: What is wrong at the size of the example, which it keeps out; empty where cells are lost.
    message: str
    example: int
    #: Whether it keeps out only sizes that are too small.
    is_bound: bool

    def describe(self, source: Source) -> str:
        """``≡ 0 (mod 2): concat at line 44 (joins 2·⌊H/2⌋ and H)``."""
        wanted = "no size fits" if self.sizes.empty else self.sizes.describe("").strip()
        place = f"{self.label} at line {source.span(self.extent).line}"
        return f"{wanted}: {place} ({self.message})" if self.message else f"{wanted}: {place}"


def valid_needs(line: Line) -> tuple[Need, ...]:
    """Which layers keep a model from being valid."""
    failures = {size: outcome.failure for size, outcome in sorted(line.outcomes.items())}
    first: dict[int, Failure] = {}
    for failure in failures.values():
        if failure:
            first.setdefault(failure.node.number, failure)
    needs = []
    for number, failure in sorted(first.items()):
        known = {
            size: at is None or at.node.number != number
            for size, at in failures.items()
            if at is None or at.node.number >= number
        }
        message = _message(line, number, known)
        needs.append(_need(line, known, failure.label, failure.extent, message))
    return _telling(needs)


def exact_needs(line: Line) -> tuple[Need, ...]:
    """Which layers keep a valid model from being exact."""
    lost = {
        size: {loss.node.number: loss.node for loss in line.losses(outcome)}
        for size, outcome in sorted(line.outcomes.items())
        if outcome.valid
    }
    nodes = {number: node for found in lost.values() for number, node in found.items()}
    needs = []
    left = list(lost)
    for number, node in sorted(nodes.items()):
        known = {size: number not in lost[size] for size in left}
        left = [size for size in left if known[size]]
        if node.spec and not all(known.values()):
            label = node.spec.label(node.type)
            needs.append(_need(line, known, label, node.spec.extent, ""))
    return _telling(needs)


def _need(line: Line, known: dict[int, bool], label: str, extent: Extent, message: str) -> Need:
    largest = max(size for size, member in known.items() if not member)
    least = min((size for size, member in known.items() if member), default=0)
    start, period = line.start, line.period
    if 0 < largest < least:
        sizes = SizeSet(1, (0,), least)
    elif start is None or not any(known[size] for size in known if size >= start):
        sizes = from_partial_scan(known)
    else:
        # Only what has been settled repeats; what lies beyond one period says nothing more.
        within = {size: member for size, member in known.items() if size < start + period}
        sizes = from_partial(within or known, start, period)
    return Need(label, extent, sizes, message, largest, 0 < largest < least)


def _telling(needs: list[Need]) -> tuple[Need, ...]:
    """Without the lower bounds that another one implies, and without repetitions."""
    bound = max((need.example for need in needs if need.is_bound), default=0)
    kept: dict[tuple[object, ...], Need] = {}
    for need in needs:
        if not need.is_bound or need.example == bound:
            kept.setdefault((need.extent, need.sizes), need)
    return tuple(kept.values())[:MAX_NEEDS]


def _message(line: Line, number: int, known: dict[int, bool]) -> str:
    """What is wrong at a size that a layer keeps out: the largest where those above all fit, else
    the nearest to the spec's own; of a merge, its two sizes."""
    out = [size for size, member in known.items() if not member]
    least = min((size for size, member in known.items() if member), default=0)
    size = max(out) if max(out) < least else min(out, key=lambda one: abs(one - line.own))
    failure = line.at(size).failure
    assert failure is not None
    if failure.code == "SC104" and len(line.axes) == 1:
        both = merged_sizes(line, number)
        if both:
            return f"joins {both[0]} and {both[1]}"
    message = failure.message.partition(": ⌊")[0]
    return f"{size}: {message}"


def merged_sizes(line: Line, number: int) -> tuple[str, str] | None:
    """The sizes of the two inputs of a merge that differ, as functions of the size of the line."""
    start, period = line.start, line.period
    if start is None:
        return None
    for one, other in _differing(line, number):
        texts, changing = [], False
        for which, axis in (one, other):
            values = {}
            for size in range(start, start + 3 * period):
                value = _input_size(line, size, number, which, axis)
                if value is not None:
                    values[size] = value
            rise = _rise(values, period)
            changing = changing or bool(rise)
            text = None if rise is None else formula(values, rise, period, line.axes[0].letter)
            texts.append(text)
        # What is joined along its channels differs there at every size.
        if changing and texts[0] and texts[1] and texts[0] != texts[1]:
            return texts[0], texts[1]
    return None


def _rise(values: dict[int, int], period: int) -> int | None:
    return next(
        (values[n + period] - value for n, value in values.items() if n + period in values), None
    )


def _differing(line: Line, number: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of (input, axis) of a merge that differ at some size."""
    seen = set()
    for outcome in line.outcomes.values():
        if not outcome.failure or outcome.failure.node.number != number:
            continue
        shapes = [port.tensor.shape or () for port in outcome.failure.node.inputs]
        for which, shape in enumerate(shapes[1:], 1):
            if len(shape) != len(shapes[0]):
                continue
            for axis, (a, b) in enumerate(zip(shapes[0], shape, strict=True)):
                pair = ((0, axis), (which, axis))
                if a != b and pair not in seen:
                    seen.add(pair)
                    yield pair


def _input_size(line: Line, size: int, number: int, which: int, axis: int) -> int | None:
    node = line.at(size).node(number)
    shape = node.inputs[which].tensor.shape if node and which < len(node.inputs) else None
    return shape[axis] if shape and axis < len(shape) else None
