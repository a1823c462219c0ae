"""Ways out that take more than one layer's own view to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from shapecalc.graph import Inference, Node, Port
from shapecalc.layers.base import Call, Layer, Shape, Tensor, format_shape

#: How far back a flatten is looked for.
MAX_BACK = 50
#: What is tried for a size that is not the expected one, in this order: field and values.
TRIALS: tuple[tuple[str, range], ...] = (
    ("padding", range(12)),
    ("output_padding", range(4)),
    ("stride", range(1, 9)),
    ("kernel_size", range(1, 12)),
)


def before_flatten(port: Port, rank: int | None) -> str | None:
    """For a layer that comes too late: where its input had the axes that it takes."""
    node = port.node
    for _ in range(MAX_BACK):
        if not node.inputs or rank is None:
            return None
        shape = node.inputs[0].tensor.shape
        if node.type == "flatten" and shape is not None and len(shape) == rank + 1:
            return f"move it before the flatten, where the shape is {format_shape(shape)}"
        node = node.inputs[0].node
    return None


def expected(node: Node, number: int, wanted: Shape) -> tuple[str, str | None]:
    """What there is to say of an output that is not as expected: the equation with its numbers
    (or nothing), and the field to change (or ``None``)."""
    inference = node.inference
    if inference is None or inference.problems:
        return "", None
    change = next(_changes(inference, number, wanted), None)
    return _equation(inference, node.outputs[number].shape, wanted), change


def as_expect(shape: Shape) -> str:
    """A shape as a spec asserts it: ``[64, 31, _]``."""
    return f"[{', '.join('_' if size is None else repr(size) for size in shape)}]"


def _equation(inference: Inference, shape: Shape | None, wanted: Shape) -> str:
    """The size equation along the first axis that differs."""
    if shape is None or len(shape) != len(wanted):
        return ""
    last = inference.call.channels_last
    sizes, asked = (each[:-1] if last else each[1:] for each in (shape, wanted))
    windows = inference.windows
    if windows is not None:
        said = [window and window.equation(inference.rounding) for window in windows]
    else:
        said = [window and window.equation() for window in inference.transposed_windows or ()]
    for have, want, text in zip(sizes, asked, said, strict=False):
        if text and want is not None and have != want:
            return text
    return ""


def _changes(inference: Inference, number: int, wanted: Shape) -> Iterator[str]:
    """The changes of one field after which the output is as expected."""
    layer = inference.layer
    known = {field.name: str(field.type) for field in fields(layer)}  # type: ignore[arg-type]
    for name, value in _trials(wanted):
        if isinstance(value, int) and known.get(name, "").startswith("tuple"):
            continue  # the sides of a pad are a list
        if name in known and getattr(layer, name) != value:
            output = _output(replace(layer, **{name: value}), inference.call, number)  # type: ignore[type-var]
            if output is not None and _agrees(output, wanted):
                yield f"{name}: {value if not isinstance(value, tuple) else list(value)}"


def _trials(wanted: Shape) -> Iterator[tuple[str, Any]]:
    for size in (wanted[:1], wanted[-1:]):
        if size and size[0] is not None:
            yield from ((name, size[0]) for name in ("out_channels", "out_features"))
    for name, values in TRIALS:
        yield from ((name, value) for value in values)
    for spatial in (wanted[1:], wanted[:-1]):
        if spatial and None not in spatial:
            yield "output_size", spatial


def _output(layer: Layer, call: Call, number: int) -> Tensor | None:
    """The output of a layer with another field; ``None`` where that is wrong as well."""
    trial = Call(call.inputs, call.rounding, call.channels_last)
    outputs = layer.infer(trial)
    return None if trial.problems or number >= len(outputs) else outputs[number]


def _agrees(tensor: Tensor, wanted: Shape) -> bool:
    shape = tensor.shape
    return (
        shape is not None
        and len(shape) == len(wanted)
        and all(want is None or want == have for have, want in zip(shape, wanted, strict=True))
    )
