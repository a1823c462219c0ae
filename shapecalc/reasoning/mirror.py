"""The decoder that undoes an encoder: each layer's inverse, in reverse order.

A convolution is undone by a transposed one, whose ``output_padding`` is what the encoder's floor
dropped: ``n = (out - 1)·s - 2p + e + r`` with the remainder ``r`` below the stride. Norms and
activations follow the layer that brings back the tensor that they were applied to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from shapecalc.graph import Graph, Node, Port
from shapecalc.layers.base import Layer, Shape, format_shape
from shapecalc.sizes import TransposedWindow, Window

Unpool = Literal["upsample", "conv_transpose"]

#: Families whose layers keep the shape of what they get, and are kept.
_KEPT = frozenset({"activation", "dropout", "elementwise", "normalization"})
#: Sizes that the tensor gives anew.
_INFERRED = frozenset({"num_features", "in_channels", "in_features"})


class CannotMirrorError(Exception):
    """A layer that has no inverse, or an encoder that is no chain; ``node`` is the layer."""

    def __init__(self, message: str, node: Node | None = None) -> None:
        super().__init__(message)
        self.node = node


class Written(NamedTuple):
    """A layer of the decoder: its type and the fields that are not as by default."""

    type: str
    fields: dict[str, Any]


class Step(NamedTuple):
    """A layer to undo, and the shape that it was given."""

    node: Node
    layer: Layer
    before: Shape


def mirror(graph: Graph, output: Port, unpool: Unpool = "upsample") -> list[Written]:
    """The layers that lead from an output of a model back to its input, which they give its shape.

    Raises :class:`CannotMirrorError`.
    """
    nodes = _chain(graph, output)
    found: list[Written] = []
    kept: list[Written] = []
    heads: list[tuple[Node, list[Written]]] = []
    for node in nodes:
        if _is_kept(node):
            kept.append(_as_is(node))
        else:
            heads.append((node, kept))
            kept = []
    for position, (node, before) in reversed(list(enumerate(heads))):
        bias = getattr(heads[position - 1][0].layer, "bias", True) if position else True
        inverse = _inverse(node, unpool)
        if inverse is not None and bias is False and "out_channels" in inverse.fields:
            inverse.fields["bias"] = False
        found += [inverse] if inverse is not None else []
        found += before
    return found


def _chain(graph: Graph, output: Port) -> list[Node]:
    """The layers from the input to an output, each of which reads nothing but the one before."""
    nodes = []
    port = output
    while port.node.inputs:
        node = port.node
        if len(node.inputs) > 1:
            raise CannotMirrorError(
                f"it joins {len(node.inputs)} tensors, and only a chain of layers can be undone: "
                "a decoder would have to know both",
                node,
            )
        if port.number:
            raise CannotMirrorError("only the first output of a layer can be undone", node)
        nodes.append(node)
        port = node.inputs[0]
    if port.node not in graph.inputs.values():
        raise CannotMirrorError("the output does not come from the input of the model", port.node)
    return nodes[::-1]


def _is_kept(node: Node) -> bool:
    family = type(node.layer).__module__.rpartition(".")[2]
    same = node.inputs[0].tensor.shape == node.outputs[0].shape
    return same and (family in _KEPT or node.type == "identity")


def _as_is(node: Node) -> Written:
    assert node.layer is not None
    return Written(node.type, _fields(node.layer))


def _fields(layer: Layer) -> dict[str, Any]:
    """The fields of a layer that are not as by default, sizes that are inferred left out."""
    found = {}
    for field in dataclasses.fields(layer):  # type: ignore[arg-type]
        value = getattr(layer, field.name)
        if field.name not in _INFERRED and value != field.default:
            found[field.name] = value
    return found


def _inverse(node: Node, unpool: Unpool) -> Written | None:
    layer = node.layer
    before, after = node.inputs[0].tensor.shape, node.outputs[0].shape
    if layer is None or before is None or after is None or None in (*before, *after):
        raise CannotMirrorError("its sizes are not known", node)
    family = type(layer).__module__.rpartition(".")[2]
    found = _INVERSES.get(node.type) or _FAMILIES.get(family)
    if found is None:
        raise CannotMirrorError(
            f"from {format_shape(before)} to {format_shape(after)} it has no inverse",
            node,
        )
    step = Step(node, layer, before)
    written = found(step)
    if family == "pooling" and unpool == "conv_transpose" and node.inference:
        windows = node.inference.windows
        if windows and None not in windows:
            written = _transposed(step)
    return written


# --- sliding layers --------------------------------------------------------------------------


def _conv(step: Step) -> Written:
    if step.node.inference and step.node.inference.transposed_windows:
        return _convolution(step)
    return _transposed(step)


def _transposed(step: Step) -> Written:
    """The transposed convolution that undoes a window."""
    windows = [w for w in (step.node.inference.windows if step.node.inference else None) or () if w]
    if len(windows) != len(step.before) - 1:
        raise CannotMirrorError("its windows are not known", step.node)
    pairs, extra = [], []
    for window in windows:
        rest = window.n - _undone(window)
        # With sizes rounded up the last window reaches past the end: that is cut off again.
        pairs.append((window.before, window.after - min(rest, 0)))
        extra.append(max(rest, 0))
    fields = {
        "out_channels": step.before[0],
        "kernel_size": _per_axis([w.kernel for w in windows]),
        "stride": _per_axis([w.stride for w in windows]),
        "padding": _padding(pairs),
        "output_padding": _per_axis(extra),
        "dilation": _per_axis([w.dilation for w in windows]),
        "groups": getattr(step.layer, "groups", 1),
    }
    defaults = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
    return Written(f"conv_transpose{len(windows)}d", _without(fields, defaults))


def _undone(window: Window) -> int:
    return (window.out - 1) * window.stride - window.before - window.after + window.span


def _convolution(step: Step) -> Written:
    """The convolution that undoes a transposed one."""
    windows: list[TransposedWindow] = [
        w
        for w in (step.node.inference.transposed_windows if step.node.inference else None) or ()
        if w
    ]
    fields = {
        "out_channels": step.before[0],
        "kernel_size": _per_axis([w.kernel for w in windows]),
        "stride": _per_axis([w.stride for w in windows]),
        "padding": _padding([(w.before, w.after) for w in windows]),
        "dilation": _per_axis([w.dilation for w in windows]),
        "groups": getattr(step.layer, "groups", 1),
    }
    defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    return Written(f"conv{len(windows)}d", _without(fields, defaults))


def _upsample(step: Step) -> Written:
    sizes, after = step.before[1:], step.node.outputs[0].shape or ()
    small = after[1:] if len(after) == len(step.before) else ()
    if not small:
        raise CannotMirrorError("it drops axes of its input: write keepdims: true", step.node)
    ratios = {n // m if m and n and n % m == 0 else 0 for n, m in zip(sizes, small, strict=True)}
    if len(ratios) == 1 and 0 not in ratios:
        return Written("upsample", {"scale_factor": ratios.pop()})
    return Written("upsample", {"size": list(sizes)})


def _downsample(step: Step) -> Written | None:
    if step.node.type == "center_crop" or "pad" in step.node.type:
        return _uncropped(step)
    rank = len(step.before) - 1
    return Written(f"adaptive_avg_pool{rank}d", {"output_size": _per_axis(list(step.before[1:]))})


def _uncropped(step: Step) -> Written | None:
    """Cells that were added are cut off again, and those that were cut off are filled in."""
    after = step.node.outputs[0].shape or ()
    rank = len(step.before) - 1
    sides = step.layer.added_cells()
    if not sides:
        gaps = [(m or 0) - (n or 0) for n, m in zip(step.before[1:], after[1:], strict=True)]
        sides = tuple((-(-gap // 2) if gap < 0 else gap // 2, 0) for gap in gaps)
        sides = tuple((side[0], gap - side[0]) for side, gap in zip(sides, gaps, strict=True))
    flat = [-cells for side in reversed(sides) for cells in side]
    if not any(flat):
        return None
    return Written(f"zero_pad{rank}d", {"padding": _per_axis(flat)})


# --- rearranging -----------------------------------------------------------------------------


def _linear(step: Step) -> Written:
    return Written("linear", {"out_features": step.before[-1]})


def _unflatten(step: Step) -> Written:
    start, end = getattr(step.layer, "start_dim", 1), getattr(step.layer, "end_dim", -1)
    rank = len(step.before)
    first = start - 1 if start > 0 else rank + start
    last = end - 1 if end > 0 else rank + end
    sizes = list(step.before[first : last + 1])
    return Written("unflatten", {"dim": first + 1, "unflattened_size": sizes})


def _reshape(step: Step) -> Written:
    return Written("reshape", {"shape": list(step.before)})


def _permute(step: Step) -> Written:
    rank = len(step.before) + 1
    dims = [dim % rank for dim in getattr(step.layer, "dims", ())]
    return Written("permute", {"dims": [dims.index(axis) for axis in range(rank)]})


def _same(step: Step) -> Written:
    return _as_is(step.node)


def _shuffle(step: Step) -> Written:
    small, large = sorted((step.before[-1] or 1, (step.node.outputs[0].shape or (1,))[-1] or 1))
    if step.node.type == "pixel_shuffle":
        return Written("pixel_unshuffle", {"downscale_factor": large // small})
    return Written("pixel_shuffle", {"upscale_factor": large // small})


def _channel_shuffle(step: Step) -> Written:
    groups: int = getattr(step.layer, "groups", 1)
    return Written("channel_shuffle", {"groups": (step.before[0] or 0) // groups})


_Inverse = Callable[[Step], Written | None]

_FAMILIES: dict[str, _Inverse] = {
    "blur": _upsample,
    "conv": _conv,
    "pooling": _upsample,
    "resample": _downsample,
}
_INVERSES: dict[str, _Inverse] = {
    "linear": _linear,
    "flatten": _unflatten,
    "unflatten": _reshape,
    "reshape": _reshape,
    "squeeze": _reshape,
    "unsqueeze": _reshape,
    "permute": _permute,
    "transpose": _same,
    "flip": _same,
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _shuffle,
    "channel_shuffle": _channel_shuffle,
}


def _per_axis(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else values


def _padding(pairs: list[tuple[int, int]]) -> Any:
    if all(before == after for before, after in pairs):
        return _per_axis([before for before, _ in pairs])
    return [list(pair) for pair in pairs]


def _without(fields: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != defaults.get(name)}


# --- as a spec -------------------------------------------------------------------------------


def as_spec(name: str, source: Shape, target: Shape, layers: list[Written]) -> str:
    """A decoder as the text of a spec."""
    lines = [
        f"name: {_scalar(f'{name}, mirrored')}",
        f"input: {_value(list(source))}",
        "layers:" if layers else "layers: []",
    ]
    for layer in layers:
        fields = "".join(f", {key}: {_value(value)}" for key, value in layer.fields.items())
        lines.append(f"  - {{type: {layer.type}{fields}}}" if fields else f"  - {layer.type}")
    lines.append(f"expect: {_value(list(target))}")
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)
