"""What a model costs in the setting that was asked for: the lines below its table."""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.costs.figures import Costs
from shapecalc.costs.memory import Bytes
from shapecalc.render._columns import format_bytes, format_total
from shapecalc.report import ModelReport, Total

#: What stands for the parts of the memory, in the order that they are shown.
NAMES = {
    "parameters": "parameters",
    "buffers": "buffers",
    "gradients": "gradients",
    "optimizer_states": "optimizer states",
    "lower_precision_weights": "weights in lower precision",
    "activations": "activations at their peak",
}


def cost_lines(model: ModelReport) -> Iterator[tuple[str, str]]:
    """What is said and its value, line by line."""
    costs = model.costs
    setting = costs.setting
    yield f"costs of {setting.describe()}", ""
    macs, ops = model.total("macs"), model.total("element_ops")
    yield "MACs", format_total(Total(macs.value * setting.batch, macs.complete))
    yield "FLOPs (2 × MACs)", format_total(Total(2 * macs.value * setting.batch, macs.complete))
    yield "element operations", format_total(Total(ops.value * setting.batch, ops.complete))
    for name, part in costs.parts().items():
        if part.value or not part.complete:
            yield NAMES[name], _bytes(part) + (_at(costs) if name == "activations" else "")
    yield "memory", _bytes(costs.memory.total)
    if costs.room is not None:
        largest = costs.largest_batch
        count = "not known" if largest is None else f"{largest:,}" if largest else "none fits"
        yield f"largest batch in {format_bytes(costs.room)}", count
    yield from _time(costs)


def _bytes(part: Bytes) -> str:
    return ("" if part.complete else "≥ ") + format_bytes(part.value)


def _at(costs: Costs) -> str:
    peak = costs.memory.peak
    if peak.node is None:
        return ""
    label = peak.node.spec.label(peak.node.type) if peak.node.spec else f"input {peak.node.path}"
    return f"  ({'backwards ' if peak.backward else ''}at {label}, {peak.node.path})"


def _time(costs: Costs) -> Iterator[tuple[str, str]]:
    yield "moved at the least", _bytes(costs.moved)
    roofline = costs.roofline
    if roofline is None:
        return
    if not roofline.rate:
        yield "least time", f"not known: {roofline.device.name} has no {costs.setting.dtype}"
        return
    count, bound = len(roofline.bounds), roofline.memory_bound
    least = "" if roofline.complete else "≥ "
    yield (
        f"least time on {roofline.device.name}",
        (
            f"{least}{roofline.seconds * 1e3:,.3g} ms (a bound, forwards; "
            f"{bound:,} of {count:,} layers wait for memory)"
        ),
    )
