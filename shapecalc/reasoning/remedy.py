"""What would make a model fit that does not: the nearest input sizes, or one field changed."""

from __future__ import annotations

from shapecalc.graph import Graph, Node
from shapecalc.reasoning.input_axes import InputAxis, input_axes
from shapecalc.reasoning.line import Line
from shapecalc.reasoning.repair import repairs
from shapecalc.reasoning.replay import Replay
from shapecalc.spec.edits import set_field
from shapecalc.walk import Finding, WalkResult

#: So many findings of a model are looked into.
MAX_FINDINGS = 4
#: So many layers may run for one of them.
MAX_WORK = 6_000
#: Sizes further away than this are not proposed.
MAX_DISTANCE = 256


def improve(result: WalkResult) -> None:
    """Add to the findings of a walk which inputs, or which change of a field, would mend them."""
    graph = result.graph
    looked = [one for one in result.findings if one.code in ("SC101", "SC102", "SC104", "SC108")]
    replay: Replay | None = None
    for finding in looked[:MAX_FINDINGS]:
        node = _node_of(graph, finding)
        if node is None or any(n.inference is None for n in graph.nodes):
            continue
        if finding.code in ("SC104", "SC108"):
            _change(graph, finding, node)
        if finding.code != "SC108":
            replay = replay or Replay(graph)
            _add(finding, _inputs(replay, node))


def _add(finding: Finding, way: str | None, first: bool = False) -> None:
    """One more way out, behind those that are known or before them."""
    ways = [way, finding.help] if first else [finding.help, way]
    finding.help = "; ".join(one for one in ways if one) or None


def _node_of(graph: Graph, finding: Finding) -> Node | None:
    if finding.expected:
        return finding.expected[0].node
    paths = {finding.path, finding.path.rpartition(".")[0]}
    for node in graph.nodes:
        problems = node.inference.problems if node.inference else []
        about = node.spec is finding.spec and node.path in paths
        if about and any(problem.code == finding.code for problem in problems):
            return node
    return None


def _change(graph: Graph, finding: Finding, node: Node) -> None:
    """One field of one layer that would mend it; where only one would, as a fix as well."""
    found = repairs(graph, node, finding.expected)
    if not found:
        return
    first = found[0]
    if len(found) == 1 and first.is_slight and finding.fix is None and finding.uses == 1:
        finding.fix = set_field(graph.spec.source, first.spec, first.field, str(first.value))
    text = f"{first.field}: {first.value}"
    if finding.help and f"write {text}" in finding.help:
        return
    specs = sorted((first.spec, *first.others), key=lambda spec: spec.extent)
    lines = " and ".join(str(graph.spec.source.span(spec.extent).line) for spec in specs)
    if first.others:
        where = f"each {first.type} (lines {lines})"
    else:
        where = (
            f"{first.spec.label(node.type if first.spec is node.spec else None)} at line {lines}"
        )
    way = f"{text} instead of {first.old} in {where} makes it fit"
    # Another kernel or stride is further from what is meant.
    _add(finding, way, first.keeps_weights and "write kernel_size" in (finding.help or ""))


def _inputs(replay: Replay, node: Node) -> str | None:
    """The nearest input sizes at which a layer fits."""
    axes = input_axes(replay.base)
    if replay.rewalks or not axes or len(replay.base.inputs) > 1:
        return None
    if len({axis.own for axis in axes}) == 1:
        sizes = _nearest(Line(replay, tuple(axes)), node)
        shapes = [_image(replay, axes, size) for size in sizes]
        return f"it fits with an input of {' or '.join(shapes)}" if shapes else None
    alone = {axis.name: _nearest(Line(replay, (axis,)), node) for axis in axes}
    parts = [
        f"a {name} of {' or '.join(map(str, sizes))}" for name, sizes in alone.items() if sizes
    ]
    return f"it fits with {' or with '.join(parts)}" if parts else None


def _image(replay: Replay, axes: list[InputAxis], size: int) -> str:
    shape = replay.base.inputs[axes[0].input].outputs[0].shape or ()
    for axis in axes:
        shape = axis.resized(shape, size)
    return "×".join(map(str, shape))


def _nearest(line: Line, node: Node) -> list[int]:
    """The nearest sizes below and above at which the model fits; where it never does for another
    reason, those at which a layer does, and all before it."""
    wrong = line.anywhere
    if wrong is not None and wrong.node.number <= node.number:
        return []
    begun = line.replay.work
    valid: dict[int, int] = {}
    passing: dict[int, int] = {}
    for distance in range(1, MAX_DISTANCE + 1):
        for step in (-1, 1):
            size = line.own + step * distance
            if size < 1 or step in valid or line.replay.work - begun > MAX_WORK:
                continue
            failure = line.at(size).failure
            if failure is None:
                valid[step] = size
            elif failure.node.number > node.number:
                passing.setdefault(step, size)
    return sorted((valid or passing).values())
