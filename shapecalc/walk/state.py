"""What the parts of one walk share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.graph import Graph, Node, Port
from shapecalc.layers.base import Shape, Tensor
from shapecalc.limits import MAX_WORK
from shapecalc.spec.model import LayerSpec, ModelSpec, Reference
from shapecalc.spec.names import words_of
from shapecalc.spec.source import Extent
from shapecalc.walk.elsewhere import Elsewhere
from shapecalc.walk.findings import Finding, Findings
from shapecalc.walk.memory import Memory
from shapecalc.walk.scope import UnresolvedError

if TYPE_CHECKING:
    from shapecalc.symbolic.size import Condition, Trace


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line changes: values of ``vars`` and shapes of inputs; and what the names
    of ``dims`` stand for, which changes nothing."""

    vars: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Shape] = field(default_factory=dict)
    #: Numbers, sizes of one trace, or ``UNKNOWN``.
    dims: Mapping[str, Any] = field(default_factory=dict)
    #: How many layers the model may have, where that is less than others may.
    most_layers: int | None = None

    def __bool__(self) -> bool:
        return bool(self.vars or self.inputs)


class Demand(NamedTuple):
    """What an ``expect`` demands of named sizes, of which layer (``None``: of the model)."""

    layer: LayerSpec | None
    extent: Extent
    conditions: tuple[Condition, ...]


@dataclass(slots=True)
class WalkResult:
    """A walked model: its graph, what was found, and how many expects were skipped."""

    graph: Graph
    findings: list[Finding]
    skipped_expects: int
    #: Layers at which a declared size and the computed one differ.
    disputes: list[Extent]
    #: Layers at which a declared size was taken for one that is not known.
    fills: list[Extent]
    #: How much there was to compute.
    work: int = 0
    #: Whether it is not known of some layer if (or how often) it runs.
    doubted: bool = False
    #: What each ``expect`` demands of named sizes.
    demands: list[Demand] = field(default_factory=list)


class TooLargeError(Exception):
    """The model is larger than the limits allow; it has been reported."""


class State:
    """One walk: what it runs on, and what has come of it so far."""

    def __init__(
        self,
        spec: ModelSpec,
        overrides: Overrides,
        flipped: frozenset[Extent],
        memory: Memory,
    ) -> None:
        self.spec = spec
        self.memory = memory
        self.overrides = overrides
        #: The layers at which what is gone on with is not what it would be: the computed size
        #: instead of the declared one (where their ranks differ, the other way round).
        self.flipped = flipped
        self.graph = Graph(spec)
        self.findings = Findings(spec.source, spec.extent)
        self.disputes: list[Extent] = []
        self.fills: list[Extent] = []
        self.skipped_expects = 0
        #: The numbers of the nodes of which not even the dtype is certain.
        self.uncertain = {UNKNOWN_NODE}
        #: Whether an output names no layer, so that its own name may be wrong as well.
        self.outputs_failed = False
        self.channels_last = spec.framework == "keras"
        #: The values of the model's ``vars``.
        self.vars: dict[str, Any] = {}
        #: The values that blocks may read, as text.
        self._read_by_blocks: str | None = None
        self.work = 0
        self.elsewhere = Elsewhere(spec)
        #: Whether it is not known of some layer if (or how often) it runs.
        self.doubted = False
        #: Of the named sizes, where there are any.
        traces = (getattr(size, "trace", None) for size in overrides.dims.values())
        self.trace: Trace | None = next((trace for trace in traces if trace), None)
        self.demands: list[Demand] = []

    @property
    def read_by_blocks(self) -> str:
        """The values that blocks may read, as text: whatever else changes, blocks run alike."""
        if self._read_by_blocks is None:
            names = read_by_blocks(self.spec)
            read = {name: value for name, value in self.vars.items() if name in names}
            self._read_by_blocks = repr(read)
        return self._read_by_blocks

    def unresolved(self, error: UnresolvedError, reference: Reference) -> tuple[str, str | None]:
        """What to say of a name that stands for nothing there, and the way out."""
        found = self.elsewhere.explain(reference.name, reference.extent) if error.absent else None
        return (f"{error}: {found[0]}", found[1]) if found else (str(error), error.help)

    def spend(self, effort: int) -> None:
        """Count what there is to do; SC007 past the limit."""
        self.work += effort
        if self.work > MAX_WORK:
            message = f"the model takes more than {MAX_WORK:,} computed values to work out"
            help = "lower `repeat`, or write its values as numbers"
            self.findings.report("SC007", message, self.spec.extent, help)
            raise TooLargeError


def read_by_blocks(spec: ModelSpec) -> frozenset[str]:
    """The ``vars`` whose names occur in a block: a parameter may choose any block by its name."""
    if spec.read_by_blocks is None:
        words = {word for block in spec.blocks.values() for word in words_of(block.keys)}
        # A name in other letters may be the same name: `ｗidth` is `width`.
        plain = all(map(str.isascii, words))
        spec.read_by_blocks = frozenset(words.intersection(spec.vars) if plain else spec.vars)
    return spec.read_by_blocks


#: The number of a node that is none.
UNKNOWN_NODE = -(2**53)


def unknown_port() -> Port:
    """What a layer reads whose reference is wrong."""
    node = Node(UNKNOWN_NODE, "?", "unknown", None, (), None, (Tensor(None),))
    return Port(node, 0, Tensor(None))
