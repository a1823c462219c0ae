"""Axes that nothing in a network tells apart: what holds for a height holds for a width."""

from __future__ import annotations

import dataclasses

from shapecalc.graph import Graph
from shapecalc.layers.base import Layer
from shapecalc.reasoning.input_axes import InputAxis

#: The families of layers that treat all spatial axes alike, unless a field says otherwise.
_ALIKE = frozenset(
    {"activation", "blur", "containers", "conv", "dropout", "elementwise", "linear", "merge"}
    | {"normalization", "padding", "pooling", "resample", "same", "shuffle"}
)
#: Those of other families.
_ALSO = frozenset({"flatten", "channel_shuffle"})


def is_twin(graph: Graph, one: InputAxis, other: InputAxis) -> bool:
    """Whether two axes of an input are treated alike by every layer, and are of one size."""
    if one.input != other.input or one.own != other.own:
        return False
    layers = {id(node.layer): node.layer for node in graph.nodes}
    return all(layer is not None and _is_fair(layer) for layer in layers.values())


def _is_fair(layer: Layer) -> bool:
    if type(layer).__module__.rpartition(".")[2] not in _ALIKE and layer.type_name not in _ALSO:
        return False
    for field in dataclasses.fields(layer):  # type: ignore[arg-type]
        value = getattr(layer, field.name)
        if isinstance(value, tuple) and len(set(value)) > 1:
            return False
        if field.name in ("dim", "start_dim", "normalized_shape") and value not in (None, 1):
            return False
    return True
