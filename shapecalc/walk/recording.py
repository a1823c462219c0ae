"""Blocks that run on the same values and the same tensors again: their layers are drawn again.

Most networks use few blocks many times, and a search walks the same blocks again and again. Of a
block that ran twice in the same way, and had nothing to report, it is recorded what it drew; from
the third time on that is drawn under the new path, without a look at what is written in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from shapecalc.graph import Group, Inference, Node, Port
from shapecalc.layers.base import Tensor
from shapecalc.limits import MAX_GROUPS, MAX_LAYERS, MAX_NESTED, MAX_WORK
from shapecalc.spec.model import BlockSpec, LayerSpec
from shapecalc.walk.scope import Result, Scope

if TYPE_CHECKING:
    from shapecalc.walk.state import State

#: What a block ran on: its values, the tensor, and the conventions of the walk.
Key = tuple[object, ...]


class Effort(NamedTuple):
    """What of the limits of a model a block takes: turns, computed values, groups, nesting."""

    steps: int
    work: int
    groups: int
    depth: int

    def fits(self, spent: Effort) -> bool:
        """Whether it is within the limits where so much has been spent."""
        return (
            self.steps + spent.steps <= MAX_LAYERS
            and self.work + spent.work <= MAX_WORK
            and self.groups + spent.groups <= MAX_GROUPS
            and self.depth + spent.depth <= MAX_NESTED
        )


class DrawnPort(NamedTuple):
    """An output of one of the block's layers, by its place among them; -1: the block's input."""

    node: int
    number: int
    tensor: Tensor


class DrawnNode(NamedTuple):
    """A layer of the block; ``tail`` is its path below the block."""

    tail: str
    type: str
    spec: LayerSpec | None
    inputs: tuple[DrawnPort, ...]
    inference: Inference
    outputs: tuple[Tensor, ...]
    trainable: bool
    owner: int | None
    within: tuple[LayerSpec, ...]


class DrawnGroup(NamedTuple):
    """A container or block in the block: its layers by their places."""

    tail: str
    type: str
    spec: LayerSpec
    first: int
    last: int
    output: Tensor | None


class DrawnResult(NamedTuple):
    """What the block, or a layer that it exports, yields."""

    ports: tuple[DrawnPort, ...]
    label: str
    exports: dict[str, DrawnResult]
    multiple: bool
    unknown: bool
    span: tuple[int, int]


class Recording(NamedTuple):
    """All that a block did."""

    nodes: list[DrawnNode]
    groups: list[DrawnGroup]
    result: DrawnResult
    effort: Effort

    def draw(self, state: State, path: str, port: Port) -> Result:
        """The layers of the block on another port, in the graph."""
        graph = state.graph
        first, drawn = len(graph.nodes), graph.nodes[:0]
        for number, one in enumerate(self.nodes, first):
            inputs = tuple(
                [port if n < 0 else Port(drawn[n], i, tensor) for n, i, tensor in one.inputs]
            )
            node = Node(
                number,
                path + one.tail,
                one.type,
                one.spec,
                inputs,
                one.inference,
                one.outputs,
                one.trainable,
            )
            node.within = one.within
            if one.owner is not None:
                node.owner = drawn[one.owner]
            drawn.append(node)
        graph.nodes += drawn
        for tail, kind, spec, start, end, output in self.groups:
            group = Group(path + tail, kind, spec, first + start)
            group.last, group.output = first + end, output
            graph.groups.append(group)
        return _result(self.result, drawn, first, port)


def _result(result: DrawnResult, drawn: list[Node], first: int, port: Port) -> Result:
    found = Result(
        tuple([port if n < 0 else Port(drawn[n], i, tensor) for n, i, tensor in result.ports]),
        result.label,
        {name: _result(one, drawn, first, port) for name, one in result.exports.items()},
        multiple=result.multiple,
        unknown=result.unknown,
    )
    found.span = (first + result.span[0], first + result.span[1])
    return found


class Recordings:
    """The recordings of the blocks of any number of specs, as long as these are there."""

    def __init__(self) -> None:
        self.size = 0
        self._by_block: WeakKeyDictionary[BlockSpec, dict[Key, Recording | None]]
        self._by_block = WeakKeyDictionary()

    def of(self, block: BlockSpec) -> dict[Key, Recording | None]:
        """The recordings of a block; ``None`` for what it ran on once."""
        return self._by_block.setdefault(block, {})

    def clear(self) -> None:
        """Forget all."""
        self.size = 0
        self._by_block.clear()


class Watch:
    """A block while it runs: whether it does anything but draw layers."""

    def __init__(self, state: State, port: Port, path: str, spent: Effort) -> None:
        self.state = state
        self.port = port
        self.path = path
        self.spent = spent
        self.before = self._marks()
        self.first = len(state.graph.nodes)

    def _marks(self) -> tuple[object, ...]:
        state = self.state
        return (
            state.findings.troubles,
            len(state.disputes),
            len(state.fills),
            state.skipped_expects,
            len(state.uncertain),
        )

    def recording(self, result: Result, now: Effort, depth: int) -> Recording | None:
        """What the block drew; ``None`` where it did more, or where not all of it is known.
        ``depth`` is how deep blocks nest in it."""
        if self._marks() != self.before or self.state.doubted:
            return None
        graph, spent = self.state.graph, self.spent
        try:
            return Recording(
                [self._node(node) for node in graph.nodes[self.first :]],
                [self._group(group) for group in graph.groups[spent.groups :]],
                self._result(result),
                Effort(
                    now.steps - spent.steps,
                    now.work - spent.work,
                    now.groups - spent.groups,
                    depth,
                ),
            )
        except _UnclearError:
            return None

    def _place(self, node: Node) -> int:
        """The place of a node among those of the block."""
        if node.number < self.first:
            raise _UnclearError
        return node.number - self.first

    def _port(self, port: Port) -> DrawnPort:
        if port is self.port:
            return DrawnPort(-1, 0, port.tensor)
        return DrawnPort(self._place(port.node), port.number, port.tensor)

    def _ports(self, ports: Iterable[Port]) -> tuple[DrawnPort, ...]:
        return tuple([self._port(port) for port in ports])

    def _node(self, node: Node) -> DrawnNode:
        if node.inference is None or node.inference.problems:
            raise _UnclearError
        return DrawnNode(
            node.path[len(self.path) :],
            node.type,
            node.spec,
            self._ports(node.inputs),
            node.inference,
            node.outputs,
            node.trainable,
            None if node.owner is None else self._place(node.owner),
            node.within,
        )

    def _group(self, group: Group) -> DrawnGroup:
        first, last = group.first - self.first, group.last - self.first
        tail = group.path[len(self.path) :]
        return DrawnGroup(tail, group.type, group.spec, first, last, group.output)

    def _result(self, result: Result) -> DrawnResult:
        first, last = result.span
        return DrawnResult(
            self._ports(result.ports),
            result.label,
            {name: self._result(one) for name, one in result.exports.items()},
            result.multiple,
            result.unknown,
            (first - self.first, last - self.first),
        )


class _UnclearError(Exception):
    """Something is in the block that is not to be had from it alone."""


def key_of(state: State, block: BlockSpec, scope: Scope, port: Port) -> Key | None:
    """What a block runs on; ``None`` where it may not come out alike."""
    if state.flipped or state.spec.dims or port.node.number in state.uncertain:
        return None
    return (
        state.spec.rounding,
        state.channels_last,
        state.read_by_blocks,
        repr([scope.names[name] for name in (*block.params, *block.vars)]),
        port.tensor,
        scope.trainable,
        bool(state.overrides),
        state.findings.doubt,
        state.findings.within,
    )
