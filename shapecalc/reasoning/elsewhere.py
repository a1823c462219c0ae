"""A model that does not fit its own input, at the nearest one that it does fit."""

from __future__ import annotations

from collections.abc import Mapping

from shapecalc.graph import Graph
from shapecalc.layers.base import Shape
from shapecalc.reasoning.input_axes import input_axes
from shapecalc.reasoning.line import Line
from shapecalc.reasoning.replay import Replay
from shapecalc.spec.model import ModelSpec
from shapecalc.walk import Overrides, WalkResult, walk

#: Sizes further away than this are not tried, and no more once so many layers have run.
MAX_DISTANCE = 256
MAX_WORK = 20_000
#: What another input size may mend.
OF_SIZES = frozenset({"SC101", "SC102", "SC104", "SC105", "SC106", "SC107", "SC108"})


def at_a_fitting_input(
    spec: ModelSpec, earlier: Mapping[str, WalkResult], result: WalkResult
) -> tuple[WalkResult, Mapping[str, Shape]] | None:
    """A walk without findings, and the input shapes of which it is: the model's own without its
    ``expect``s, else the nearest that fit; ``None`` where there are none, or where something else
    is wrong with it."""
    if spec.problems or not {one.code for one in result.findings} <= OF_SIZES:
        return None
    own = {name: node.outputs[0].shape or () for name, node in result.graph.inputs.items()}
    for shapes in (own, _nearest(result.graph)):
        if shapes:
            other = walk(spec, earlier, Overrides(inputs=shapes))
            if not other.findings:
                return other, shapes
    return None


def _nearest(graph: Graph) -> Mapping[str, Shape] | None:
    """The nearest shapes at which all that ran fits: with all axes changed where they are equal,
    else with one."""
    axes = input_axes(graph)
    if not axes or len(graph.inputs) > 1 or any(node.inference is None for node in graph.nodes):
        return None
    replay = Replay(graph)
    if replay.rewalks:
        return None
    together = len({axis.own for axis in axes}) == 1
    lines = [Line(replay, tuple(axes))] if together else [Line(replay, (axis,)) for axis in axes]
    for distance in range(1, MAX_DISTANCE + 1):
        for line in lines:
            for size in (line.own - distance, line.own + distance):
                if size > 0 and replay.work < MAX_WORK and line.valid(size):
                    return line.shapes(size)
    return None
