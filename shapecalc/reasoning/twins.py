"""Axes that nothing in a network tells apart: what holds for a height holds for a width."""

from __future__ import annotations

import dataclasses

from shapecalc.graph import Graph, Node
from shapecalc.reasoning.input_axes import InputAxis

#: The families of layers that treat all spatial axes alike, unless a field says otherwise.
_ALIKE = frozenset(
    {"activation", "blur", "containers", "conv", "dropout", "elementwise", "linear", "merge"}
    | {"normalization", "padding", "pooling", "resample", "same", "shuffle"}
)
#: Those of other families.
_ALSO = frozenset({"flatten", "channel_shuffle"})
#: Fields that say which axis, and what they may be without telling heights from widths.
_AXIS_FIELDS: dict[str, tuple[object, ...]] = {
    "dim": (None, 1),
    "start_dim": (1,),
    "end_dim": (-1,),
    "normalized_shape": (None,),
    "shared_axes": ((),),
}


def is_twin(graph: Graph, one: InputAxis, other: InputAxis) -> bool:
    """Whether two axes of an input are treated alike by every layer, and are of one size."""
    if one.input != other.input or one.own != other.own:
        return False
    seen: set[tuple[int, tuple[int, ...]]] = set()
    for node in graph.nodes:
        ranks = tuple([len(port.tensor.shape or ()) for port in node.inputs])
        key = (id(node.layer), ranks)
        if key not in seen and not _is_fair(node, ranks):
            return False
        seen.add(key)
    return True


def _is_fair(node: Node, ranks: tuple[int, ...]) -> bool:
    layer = node.layer
    if layer is None or node.inference is None:
        return False
    family = type(layer).__module__.rpartition(".")[2]
    if family not in _ALIKE and layer.type_name not in _ALSO:
        return False
    channels_last = node.inference.call.channels_last
    if len(set(ranks)) > 1 or (family == "linear" and max(ranks) > 1 and not channels_last):
        return False  # broadcasting and dense layers begin at the last axis
    for field in dataclasses.fields(layer):  # type: ignore[arg-type]
        value = getattr(layer, field.name)
        if isinstance(value, tuple) and len(set(value)) > 1:
            return False
        allowed = _AXIS_FIELDS.get(field.name, (value,))
        if value not in allowed and not (channels_last and field.name == "dim" and value == -1):
            return False
    return True
