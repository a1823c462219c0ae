"""What layers over sequences of vectors share: their inputs, and how many they stack."""

from __future__ import annotations

from shapecalc.layers.base import Call, Dim, Layer, Tensor, format_shape, plural
from shapecalc.limits import MAX_INNER_LAYERS


def sequence_of(tensor: Tensor) -> tuple[Dim, Dim]:
    """(length, features) of an input; unknown where it is no sequence of vectors."""
    shape = tensor.shape
    return (None, None) if shape is None or len(shape) != 2 else (shape[0], shape[1])


def require_sequences(call: Call, layer: Layer, count: int | None = None) -> None:
    """SC103 for the first input (of ``count``) that is no sequence of vectors."""
    for position, tensor in enumerate(call.inputs[:count]):
        shape = tensor.shape
        if shape is None or len(shape) == 2:
            continue
        if position == 0:
            call.wrong_rank(layer, 2, ("length", "features"))
        else:
            call.report(
                "SC103",
                f"input {position + 1} must have 2 axes (length, features), it has "
                f"{plural(len(shape), 'axis')}: {format_shape(shape)}",
                "from",
            )
        return


def require_floats(call: Call, layer: Layer) -> None:
    """Report SC109 for the first input that holds integers."""
    for tensor in call.inputs:
        inner = Call((tensor,))
        inner.require_float(layer)
        if inner.problems:
            call.problems += inner.problems
            return


def require_batch_first(call: Call, batch_first: bool) -> None:
    """SC106 for ``batch_first: false``: the batch is the first axis of every shape."""
    if not batch_first:
        call.report(
            "SC106",
            "batch_first is false, but shapes are written without the batch, which comes first",
            "batch_first",
            "leave it out: neither weights nor costs depend on it",
        )


def require_layers(call: Call, field: str, count: int, least: int = 1) -> None:
    """SC106 for too few stacked layers, SC007 for too many."""
    if call.require_least(field, count, least) and count > MAX_INNER_LAYERS:
        call.report(
            "SC007", f"{field} is {count:,}: at most {MAX_INNER_LAYERS:,} are allowed", field
        )


def bounded(count: int) -> int:
    """A number of stacked layers within its limits."""
    return min(max(count, 0), MAX_INNER_LAYERS)


def require_probability(call: Call, field: str, value: float) -> None:
    """SC106 for a probability that is none."""
    if not 0 <= value <= 1:
        call.report("SC106", f"{field} is {value}, a probability is between 0 and 1", field)


def total(*counts: Dim) -> Dim:
    """The sum, unknown where a part is."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
