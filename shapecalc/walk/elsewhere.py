"""Where a name stands that is not in scope: inside a container, in a block, further down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.spec.model import LayerSpec, ModelSpec
from shapecalc.spec.source import Extent


class _Around(NamedTuple):
    """A container or a block that a layer is inside of."""

    label: str
    extent: Extent
    name: str | None
    is_block: bool


class _Place(NamedTuple):
    """A layer and what it is inside of, outermost first."""

    layer: LayerSpec
    around: tuple[_Around, ...]


class Elsewhere:
    """Knows the layers of a model by name; read only once a name is not found."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self._places: dict[str, _Place] | None = None

    def explain(self, name: str, reader: Extent) -> tuple[str, str] | None:
        """Why a layer of this name cannot be read from there, and what would help; ``None`` where
        there is no such layer."""
        place = self.places().get(name.partition(".")[0])
        if place is None:
            return None
        line = self.spec.source.span(place.layer.key_extent("name")).line
        hidden = [one for one in place.around if not _holds(one.extent, reader)]
        if not hidden:
            return self._further_down(place, line, reader)
        outer = hidden[0]
        if outer.is_block:
            help = f"let the block export it (outputs: [{name}]), name its use and read name.{name}"
            return f"it is inside block `{outer.label}` (line {line})", help
        said = f"it is inside {outer.label} (line {line}), which yields its last layer only"
        readable = f"read `{outer.name}`" if outer.name else f"name the {outer.label} and read that"
        return said, f"{readable}, or move `{name}` out of it"

    def _further_down(self, place: _Place, line: int, reader: Extent) -> tuple[str, str] | None:
        blocks = (block.keys.extent for block in self.spec.blocks.values())
        inside = any(_holds(extent, reader) for extent in blocks)
        if inside and not any(one.is_block for one in place.around):
            help = "move the layer that reads it out of the block, or use the block with from:"
            return f"it is outside of this block (line {line})", help
        if place.layer.extent[0] >= reader[0]:
            return f"it comes later, at line {line}", "a layer reads only those before it"
        return None

    def places(self) -> dict[str, _Place]:
        """The first layer of each name."""
        if self._places is None:
            self._places = {}
            for place in self._all():
                self._places.setdefault(str(place.layer.name), place)
        return self._places

    def _all(self) -> Iterator[_Place]:
        yield from _named(self.spec.layers, ())
        for block in self.spec.blocks.values():
            around = _Around(block.name, block.keys.extent, None, True)
            yield from _named(block.layers, (around,))


def _named(layers: list[LayerSpec], around: tuple[_Around, ...]) -> Iterator[_Place]:
    for layer in layers:
        if layer.name is not None:
            yield _Place(layer, around)
        inner = (*around, _Around(layer.label(), layer.extent, layer.name, False))
        for binding in layer.bindings.values():
            for nested in binding.lists.values():
                yield from _named(nested, inner)


def _holds(outer: Extent, inner: Extent) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
