"""Which changes of a layer's fields give it another output size, and what comes of the rest.

The layer itself is asked with each of them, so that its own rules hold: a pool whose stride follows
its kernel, ``ceil_mode``, Keras' ``same``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from shapecalc.graph import Graph, Inference, Node
from shapecalc.layers.base import Call, Layer
from shapecalc.reasoning.repair import rerun
from shapecalc.reasoning.search import popularity

#: Answers that change more than one field are looked for only up to this kernel beyond the own.
MORE_KERNEL = 4
#: So many layers may run for a layer that is used several times.
MAX_WORK = 40_000

#: A field's value: of several numbers one an axis; ``None`` where it follows from another field.
Value = int | str | tuple[int, ...] | None
Sizes = tuple[int | None, ...]

_FIELDS = ("kernel_size", "stride", "padding", "dilation", "output_padding")


class Current(NamedTuple):
    """A sliding layer as it is: the sizes that it receives and gives (``None`` where nobody knows),
    and its fields."""

    inputs: tuple[int, ...]
    outputs: Sizes
    fields: dict[str, Value]

    def describe(self) -> str:
        """``kernel_size 3, stride 2, padding 1``."""
        usual = {"dilation": 1, "output_padding": 0}
        shown = {
            name: value
            for name, value in self.fields.items()
            if value is not None and value != usual.get(name)
        }
        return ", ".join(f"{name} {_text(value)}" for name, value in shown.items())


class Change(NamedTuple):
    """Fields that give a layer other sizes."""

    #: All of them, and of those that are new: field -> (new, old).
    arguments: dict[str, Value]
    fields: dict[str, tuple[Value, Value]]
    outputs: Sizes
    exact: bool

    def describe(self) -> str:
        """``padding 0 instead of 1, kernel_size 4 instead of 3``."""
        return ", ".join(
            f"{name} {_text(new)}" + ("" if old is None else f" instead of {_text(old)}")
            for name, (new, old) in self.fields.items()
        )

    @property
    def rank(self) -> tuple[int, ...]:
        """The order: how much it changes (fields, whether exact, whether weights, steps), then what
        people use."""
        steps = sum(_steps(new, old) for new, old in self.fields.values())
        weights = int("kernel_size" in self.fields)
        largest = {name: _largest(value) for name, value in self.arguments.items()}
        return (
            len(self.fields),
            int(not self.exact),
            weights,
            steps,
            largest.get("dilation", 1),
            largest.get("output_padding", 0),
            popularity(largest["kernel_size"]),
            largest.get("padding", 0),
            largest.get("stride", 1),
        )


def current(node: Node) -> Current | None:
    """How a layer slides; ``None`` where it does not, or on what nobody knows."""
    layer, spec = node.layer, node.spec
    if layer is None or spec is None or node.inference is None:
        return None
    fields: dict[str, Value] = {
        name: getattr(layer, name) for name in _FIELDS if hasattr(layer, name)
    }
    inputs = _spatial(node.inference, node.inputs[0].tensor.shape) if node.inputs else ()
    known = tuple(size for size in inputs if size is not None)
    outputs = _spatial(node.inference, node.outputs[0].shape) if node.outputs else ()
    if not {"kernel_size", "stride"} <= fields.keys() or not known or known != inputs:
        return None
    return Current(known, outputs, fields) if len(outputs) == len(known) else None


def changes(graph: Graph, node: Node, now: Current, wanted: Sizes) -> list[Change]:
    """The changes that give a layer these sizes, those of the fewest fields first."""
    found = [change for change in _trials(graph, node, now) if change.outputs == wanted]
    return sorted(found, key=lambda change: change.rank)


def nearest(graph: Graph, node: Node, now: Current, wanted: Sizes) -> Change | None:
    """Where there are none: the change that misses the sizes by the least in all."""
    return min(
        _trials(graph, node, now),
        key=lambda change: (_missed(change.outputs, wanted), change.rank),
        default=None,
    )


def _trials(graph: Graph, node: Node, now: Current) -> Iterator[Change]:
    """All other fields within reach that the layer takes and that lose no cell of its input."""
    inference, spec = node.inference, node.spec
    assert inference is not None
    assert spec is not None
    # Each turn of a repeated layer reads what the one before made with the new fields.
    again = any(one.spec is spec and one.number < node.number for one in graph.nodes)
    work = 0
    for arguments in _arguments(inference.layer, now):
        fields = {
            name: (new, now.fields[name])
            for name, new in arguments.items()
            if new != now.fields[name]
        }
        if not fields:
            continue
        if again:
            work += len(graph.nodes)
            if work > MAX_WORK:
                return
            tried = rerun(graph, (spec,), {name: new for name, (new, _) in fields.items()})
            after = tried[node.number].inference
        else:
            after = _infer(inference, {name: new for name, (new, _) in fields.items()})
        if after is None or after.problems:
            continue
        windows = [window for window in after.windows or () if window is not None]
        if not any(window.unread for window in windows):
            exact = all(window.exact for window in windows)
            yield Change(arguments, fields, _spatial(after, after.outputs[0].shape), exact)


def _arguments(layer: Layer, now: Current) -> Iterator[dict[str, Value]]:
    """The fields that are tried; a value that stands in the spec is always among them."""
    own = now.fields
    kernels = range(1, _largest(own["kernel_size"]) + MORE_KERNEL + 1)
    strides = range(1, max(_largest(own["stride"]), 4) + 1)
    dilations: list[Value] = [1]
    if "dilation" in own:
        dilations = _with(range(1, max(_largest(own["dilation"]), 2) + 1), own["dilation"])
    for kernel, dilation in product(_with(kernels, own["kernel_size"]), dilations):
        if kernel == 1 and dilation not in (1, own.get("dilation")):
            continue
        span = _largest(dilation) * (_largest(kernel) - 1) + 1
        for stride in _with(strides, own["stride"]):
            choices: dict[str, list[Value]] = {"kernel_size": [kernel], "stride": [stride]}
            if "padding" in own:
                words: list[Value] = ["valid", "same"]
                numbers = _with(range(span), own["padding"])
                choices["padding"] = numbers if "pytorch" in layer.frameworks else words
            if "dilation" in own:
                choices["dilation"] = [dilation]
            if "output_padding" in own:
                extras = range(max(_largest(stride), _largest(dilation)))
                choices["output_padding"] = _with(extras, own["output_padding"])
            for values in product(*choices.values()):
                yield dict(zip(choices, values, strict=True))


def _with(numbers: range, own: Value) -> list[Value]:
    """Numbers, and the field's own value where it is something else."""
    return list(numbers) if isinstance(own, int) else [own, *numbers]


def _infer(inference: Inference, fields: dict[str, Value]) -> Inference:
    call = inference.call
    layer: Layer = replace(inference.layer, **fields)  # type: ignore[type-var]
    return Inference(layer, Call(call.inputs, call.rounding, call.channels_last))


def _spatial(inference: Inference, shape: Sizes | None) -> Sizes:
    """Without the axis of the channels."""
    if shape is None:
        return (None,) * (inference.layer.rank or 1)
    return shape[:-1] if inference.call.channels_last else shape[1:]


def _missed(sizes: Sizes, wanted: Sizes) -> int:
    return sum(abs((size or 0) - (want or 0)) for size, want in zip(sizes, wanted, strict=True))


def _largest(value: Value) -> int:
    if isinstance(value, tuple):
        return max((_largest(one) for one in value), default=1)
    return value if isinstance(value, int) else 1


def _steps(new: Value, old: Value) -> int:
    return abs(new - old) if isinstance(new, int) and isinstance(old, int) else 1


def _text(value: Value) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def broken_by(graph: Graph, node: Node, change: Change) -> Node | None:
    """The first layer that no longer fits with a change."""
    assert node.spec is not None
    before = {n.number for n in graph.nodes if n.inference and n.inference.problems}
    fields = {name: new for name, (new, _) in change.fields.items()}
    after = rerun(graph, (node.spec,), fields)
    for number, one in sorted(after.items()):
        if one.inference and one.inference.problems and number not in before:
            return one
        base = graph.nodes[number] if number >= 0 else None
        if base and one is not base and _weights_differ(base, one, node):
            return one
    return None


def _weights_differ(base: Node, other: Node, changed: Node) -> bool:
    """Whether a layer behind the changed one would need other weights."""
    if base.spec is changed.spec or base.inference is None or other.inference is None:
        return False
    known = [size for shape in base.inference.weights.values() for size in shape]
    return None not in known and base.inference.weights != other.inference.weights
