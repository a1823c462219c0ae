"""A spec as it was written, typed: models, blocks, layers and where each of their parts stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.layers.base import Framework, Layer
from shapecalc.sizes import Rounding
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Extent, Mapping, Source
from shapecalc.spec.values import Template

if TYPE_CHECKING:
    from shapecalc.spec.stack import StackBuilder


@dataclass(slots=True)
class Assertion:
    """An ``expect``: sizes (``None`` for ``_``), and whether it has plain numbers."""

    #: ``None`` for a ``_`` that stands for the whole shape.
    sizes: tuple[Template | None, ...] | None
    numeric: bool
    extent: Extent

    def names(self, names: Iterable[str]) -> bool:
        """Whether a size of it reads one of these names."""
        read = [template.names for template in self.sizes or () if template is not None]
        return any(name in one for one in read for name in names)


@dataclass(slots=True)
class Reference:
    """A name under ``from``, ``like``, ``share`` or ``outputs``, and where it stands."""

    name: str
    extent: Extent


# Two that are written alike are not the same one; and a decorator that makes less starts faster.
@dataclass(slots=True, eq=False, repr=False)
class Binding:
    """A layer's own fields, read for the type that its ``type`` turned out to mean."""

    layer: type[Layer] | None = None
    block: BlockSpec | None = None
    templates: dict[str, Template] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    lists: dict[str, list[LayerSpec]] = field(default_factory=dict)
    #: Values of a container, computed on entry.
    vars: dict[str, Template] = field(default_factory=dict)
    #: For a type without its rank, the class for each rank.
    variants: dict[int, type[Layer]] | None = None
    #: The layer itself where none of its fields has to be computed.
    constant: Layer | None = None
    #: Whether its lists of layers could not be read, which has been reported.
    broken: bool = False
    #: The fields that could not be read or are missing, which has been reported.
    unknown: set[str] = field(default_factory=set)
    #: Whether an expression reads what the layer receives.
    receives: bool = False
    #: Whether a container reads its input, once somebody has asked.
    reads: bool | None = None
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class LayerSpec:
    """One entry of a list of layers."""

    type: str
    extent: Extent
    type_extent: Extent
    keys: Mapping
    #: Key -> how it is written (another word only where a typo was reported).
    written: dict[str, str] = field(default_factory=dict)
    name: str | None = None
    #: Whether the name is another layer's as well, or none that may be: it has been reported.
    misnamed: bool = False
    sources: tuple[Reference, ...] | None = None
    repeat: Template | None = None
    when: Template | None = None
    share: Reference | None = None
    trainable: Template | None = None
    expect: tuple[Assertion, ...] | None = None
    ignore: frozenset[str] = frozenset()
    #: Whether something in it could not be read, which has been reported.
    broken: bool = False
    #: Whether it has a key that is none and like none, which may stand for a missing one.
    stray: bool = False
    bindings: dict[str, Binding] = field(default_factory=dict)
    #: Whether its type is the name of a parameter (or of a value), which may hold a type.
    by_parameter: bool = False
    #: Whether it has none of repeat, when, share, trainable, expect, and a constant layer.
    simple: bool = False

    def key_extent(self, key: str | None) -> Extent:
        """From a key to the end of its value; the layer's type where the key is not written."""
        written = self.written.get(key, key) if key else None
        if written in self.keys.key_extents:
            return self.keys.entry_extent(written)
        return self.type_extent

    def label(self, type_name: str | None = None) -> str:
        """The layer as messages call it: ``linear `fc1```."""
        named = f" `{self.name}`" if self.name else ""
        return f"{type_name or self.type}{named}"


@dataclass(slots=True, eq=False, repr=False, weakref_slot=True)
class BlockSpec:
    """A named, parametrised stack."""

    name: str
    extent: Extent
    #: Parameter -> default; ``None`` where a value is required.
    params: dict[str, Template | None]
    vars: dict[str, Template]
    layers: list[LayerSpec]
    outputs: tuple[Reference, ...] = ()
    keys: Mapping = field(default_factory=Mapping)
    #: Whether its layers could not be read, which has been reported.
    broken: bool = False
    #: Whether it reads its input, once somebody has asked.
    reads: bool | None = None


@dataclass(slots=True, eq=False, repr=False)
class InputSpec:
    """An input: a shape, or the name of an earlier model."""

    name: str
    extent: Extent
    shape: tuple[Template, ...] | None = None
    dtype: str = "float32"
    model: str | None = None


@dataclass(slots=True, eq=False, repr=False)
class ModelSpec:
    """One model of a file."""

    source: Source
    keys: Mapping
    extent: Extent
    name: str
    description: str = ""
    framework: Framework = "pytorch"
    rounding: Rounding = "floor"
    inputs: list[InputSpec] = field(default_factory=list)
    #: Whether it was written ``input`` rather than ``inputs``.
    single_input: bool = True
    vars: dict[str, Template] = field(default_factory=dict)
    var_extents: dict[str, Extent] = field(default_factory=dict)
    blocks: dict[str, BlockSpec] = field(default_factory=dict)
    layers: list[LayerSpec] = field(default_factory=list)
    outputs: dict[str, Reference] = field(default_factory=dict)
    expect: dict[str, Assertion] = field(default_factory=dict)
    lint: dict[str, Any] = field(default_factory=dict)
    budget: dict[str, Any] = field(default_factory=dict)
    dims: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    #: Where the document stands that serves all models of the file.
    shared: Extent | None = None
    #: The values that blocks may read, once somebody has asked.
    read_by_blocks: frozenset[str] | None = None
    #: Reads layers whose type only a parameter tells.
    stacks: StackBuilder | None = None
