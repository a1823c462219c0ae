"""Merges that fit at a spec's own input and fail at others."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.reasoning.input_axes import InputAxis, input_axes
from shapecalc.reasoning.line import Line
from shapecalc.reasoning.replay import Replay
from shapecalc.reasoning.size_functions import SizeFunctions
from shapecalc.reasoning.size_sets import SizeSet, from_partial

#: A longer period is not tried.
MAX_PERIOD = 128
#: So many layers may run for that.
MAX_WORK = 8_000


def fragile_merges(graph: Graph) -> Iterator[tuple[Node, list[tuple[str, SizeSet]]]]:
    """Merges with, for each axis along which they may fail, its name and the sizes that fit (of
    those at which the model comes so far). Sizes that never fit but the spec's own are left out."""
    suspects = _suspects(graph)
    axes = input_axes(graph)
    if not suspects or not axes:
        return
    replay = Replay(graph)
    if replay.rewalks:
        return
    found: dict[int, list[tuple[str, SizeSet]]] = {number: [] for number in suspects}
    for group in _groups(axes):
        line = Line(replay, group)
        if line.period <= MAX_PERIOD and line.period * len(graph.nodes) <= MAX_WORK:
            for number, sizes in _fitting(line, set(suspects)):
                found[number].append((group[0].name, sizes))
    yield from ((suspects[number], needs) for number, needs in found.items() if needs)


def _groups(axes: list[InputAxis]) -> list[tuple[InputAxis, ...]]:
    """The axes of all inputs that have one name and one size grow together."""
    groups: dict[tuple[str, int], list[InputAxis]] = {}
    for axis in axes:
        groups.setdefault((axis.name, axis.own), []).append(axis)
    return [tuple(group) for group in groups.values()]


def _suspects(graph: Graph) -> dict[int, Node]:
    """Merges whose inputs have equal sizes that are not the same function of the input's."""
    merges = [node for node in graph.nodes if len(node.data_inputs) > 1]
    if not merges or any(n.inference is None or n.inference.problems for n in graph.nodes):
        return {}
    functions = SizeFunctions(graph)
    found = {}
    for node in merges:
        first = node.data_inputs[0]
        shape, own = first.tensor.shape or (), functions.of(first)
        for port in node.data_inputs[1:]:
            other, others = port.tensor.shape or (), functions.of(port)
            if len(other) != len(shape) or not own or not others:
                continue
            pairs = zip(shape, other, own, others, strict=True)
            if any(a == b != 1 and one != two for a, b, one, two in list(pairs)[1:]):
                found[node.number] = node
    return found


def _fitting(line: Line, suspects: set[int]) -> Iterator[tuple[int, SizeSet]]:
    """The merges that fail at some sizes of a period from the spec's own on."""
    own, period = line.own, line.period
    failing: dict[int, int] = {}
    for size in range(own, own + period + 1):
        failure = line.at(size).failure
        if failure and failure.code == "SC104" and failure.node.number in suspects:
            failing[size] = failure.node.number
        elif failure:
            failing[size] = -1
    for number in sorted(set(failing.values()) - {-1}):
        reached = {
            size: size not in failing
            for size in range(own, own + period + 1)
            if failing.get(size, number) >= number or size not in failing
        }
        known = {size: fits or failing[size] > number for size, fits in reached.items()}
        if known.get(own + period):
            yield number, from_partial(known, own, period)
