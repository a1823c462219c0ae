"""Axes that depend on one another: a dense layer after a flatten fixes the product of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from shapecalc.graph import Node, Port
from shapecalc.layers.base import Shape
from shapecalc.reasoning.formulas import formula
from shapecalc.reasoning.input_axes import InputAxis
from shapecalc.reasoning.line import Line
from shapecalc.reasoning.replay import WEIGHTS, Failure

#: So many sizes are tried for two axes that change together.
MAX_STEPS = 64


@dataclass(frozen=True, slots=True)
class Tie:
    """Two axes that fit together only, the layer that ties them, and how, where that is known."""

    axes: tuple[InputAxis, InputAxis]
    failure: Failure
    condition: str | None


def ties(lines: Sequence[Line]) -> list[Tie]:
    """Which pairs of axes depend on one another."""
    found = []
    for one, other in combinations(lines, 2):
        failure = _tying(one, other) or _tying_together(one, other)
        if failure is not None:
            axes = (one.axes[0], other.axes[0])
            found.append(Tie(axes, failure, _condition(one, other, failure)))
    return found


def _tying(one: Line, other: Line) -> Failure | None:
    """A layer that fails along one line, and would not but for what comes along the other."""
    for line, against in ((one, other), (other, one)):
        seen: set[int] = set()
        for size in (*line.probes, *_far(one, other, line.own)):
            failure = line.at(size).failure
            if failure is None or failure.node.number in seen or not failure.node.inputs:
                continue
            seen.add(failure.node.number)
            if _is_tied(line, against, failure.node, failure.code):
                return failure
    return None


def _far(one: Line, other: Line, own: int) -> tuple[int, ...]:
    """Sizes far from the spec's own, at which an input is too small or too large for another."""
    if one.axes[0].input == other.axes[0].input:
        return ()
    return max(own // 2, 1), max(own // 8, 1), 2 * own + 1, 8 * own


def _tying_together(one: Line, other: Line) -> Failure | None:
    """A layer that fails where both lines change, though each of the two changes fits alone (a
    reshape that wants an even product of two sizes)."""
    if not _meet(one, other):
        return None
    for step in range(1, min(max(one.period, other.period), MAX_STEPS) + 1):
        sizes = (one.own + step, other.own + step)
        if one.valid(sizes[0]) and other.valid(sizes[1]):
            failure = one.with_other(other, *sizes).failure
            if failure is not None:
                return failure
    return None


def _meet(one: Line, other: Line) -> bool:
    """Whether some axis of a tensor changes along both lines."""
    nodes = [[line.at(size).node for size in line.probes] for line in (one, other)]
    for base in one.replay.base.nodes:
        mine, its = (_changing([node(base.number) for node in line]) for line in nodes)
        if mine & its:
            return True
    return False


def _changing(nodes: list[Node | None]) -> set[tuple[int, int]]:
    """(output, axis) of a layer that differ between several walks."""
    shapes = [[tensor.shape or () for tensor in node.outputs] for node in nodes if node]
    return {
        (output, axis)
        for output, found in enumerate(zip(*shapes, strict=False))
        for axis, sizes in enumerate(zip(*found, strict=False))
        if len(set(sizes)) > 1
    }


def _is_tied(line: Line, against: Line, node: Node, code: str) -> bool:
    mine, its = _varying(line, node.number), _varying(against, node.number)
    if not mine or not its:
        return False
    if code == "SC107":
        return True
    if mine & its and code in (WEIGHTS, "SC101", "SC104"):
        return True
    # Inputs of a merge along the same axis (or what is cropped and its target), one of which
    # follows one line each.
    return any(axis == other and which != another for which, axis in mine for another, other in its)


def _varying(line: Line, number: int) -> set[tuple[int, int]]:
    """(input, axis) of what a layer receives that changes along a line."""
    seen: dict[tuple[int, int], int | None] = {}
    varying = set()
    for probe in line.probes:
        node = line.at(probe).node(number)
        for which, port in enumerate(node.inputs if node else ()):
            for axis, size in enumerate(port.tensor.shape or ()):
                if seen.setdefault((which, axis), size) != size:
                    varying.add((which, axis))
    return varying


def _condition(one: Line, other: Line, failure: Failure) -> str | None:
    """``⌊H/32⌋·⌊W/32⌋ = 49``, where the sizes that meet are such a product."""
    if one.start is None or other.start is None:
        return None
    number = failure.node.number
    base = next((n for n in one.replay.base.nodes if n.number == number), None)
    if base is None:
        return None
    if len(base.inputs) > 1:
        equal = _equality(one, other, base) if failure.code == "SC104" else None
        if equal or failure.code not in (WEIGHTS, "SC101", "SC104", "SC107"):
            return equal
    return _product(one, other, base)


def _equality(one: Line, other: Line, node: Node) -> str | None:
    """``H/2 = ⌊W/4⌋`` for a merge of what follows one axis with what follows the other."""
    for which, axis in sorted(_varying(one, node.number)):
        for another, same in sorted(_varying(other, node.number)):
            if axis == same and which != another:
                left = _formula(one, node.inputs[which], axis)
                right = _formula(other, node.inputs[another], axis)
                if left and right:
                    return f"{left} = {right}"
    return None


def _product(one: Line, other: Line, node: Node) -> str | None:
    port: Port | None = node.inputs[0]
    for which, _ in sorted(_varying(one, node.number) & _varying(other, node.number)):
        port = node.inputs[which]
        break
    steps = 0
    while port is not None and steps < len(one.replay.base.nodes):
        steps += 1
        mine, its = _axes(one, port), _axes(other, port)
        if len(mine) == 1 and len(its) == 1 and mine != its:
            return _product_of(one, other, port, mine.pop(), its.pop())
        inputs = [p for p in port.node.inputs if _axes(one, p) and _axes(other, p)]
        port = inputs[0] if inputs else None
    return None


def _product_of(one: Line, other: Line, port: Port, first: int, second: int) -> str | None:
    left, right = _formula(one, port, first), _formula(other, port, second)
    shape = port.tensor.shape or ()
    if not left or not right or shape[first] is None or shape[second] is None:
        return None
    fixed = (shape[first] or 0) * (shape[second] or 0)
    return f"{_factor(left)}·{_factor(right)} = {fixed}"


def _factor(text: str) -> str:
    """In brackets where it is a sum."""
    return f"({text})" if " " in text[text.find("⌋") + 1 :] else text


def _axes(line: Line, port: Port) -> set[int]:
    """The axes of a port that change along a line."""
    shapes = [line.at(size).shape(port) for size in line.probes]
    known: list[Shape] = [shape for shape in shapes if shape is not None]
    columns = zip(*known, strict=False)
    return {axis for axis, sizes in enumerate(columns) if len(set(sizes)) > 1}


def _formula(line: Line, port: Port, axis: int) -> str | None:
    """A size as a function of the size of the line."""
    values = {}
    least = line.start or 1
    for size, outcome in sorted(line.outcomes.items()):
        shape = outcome.shape(port)
        if shape is not None and shape[axis] is not None and size >= least:
            values[size] = shape[axis] or 0
    period = line.period
    rise = next((values[n + period] - v for n, v in values.items() if n + period in values), None)
    name = line.axes[0].letter
    inputs = len(line.replay.base.inputs)
    text = None if rise is None else formula(values, rise, period, name)
    return text.replace(name, f"{name}({line.axes[0].input})") if text and inputs > 1 else text
