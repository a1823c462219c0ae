"""A size is not an integer, and cells of the input are never read.

What it does: reports a convolution or a pool whose size equation has a remainder, where the cells
left over at the end are real ones and no other layer reads them.

Why is this bad: PyTorch, Keras and ONNX round the size down without a word; the last rows or
columns of the feature map are lost, and the decoder that mirrors this layer comes out one short.

Use instead: a kernel, stride or padding that comes out even, or an input size that does; `ignore:
[SC201]` where the loss is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.coverage import AxisCoverage, losses
from shapecalc.graph import Graph, Node
from shapecalc.layers.base import AXES
from shapecalc.rules._flow import POOL
from shapecalc.rules.base import Found
from shapecalc.sizes import Rounding, Window

SEVERITY = "warning"
FAILS = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}
"""
PASSES = """
input: [3, 65, 65]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3, stride: 2}
"""

CELLS = {"height": "row", "width": "column", "depth": "slice", "length": "step"}


def check(graph: Graph) -> Iterator[Found]:
    """Sliding layers whose remainder nobody reads."""
    for node, lost in losses(graph):
        assert node.inference is not None
        names = AXES[len(node.inference.windows or ())]
        first = lost[0].window
        parts = [describe_lost(c, names[c.axis]) for c in lost]
        verb = "is" if len(lost) == 1 and lost[0].unread_end == 1 else "are"
        yield Found(
            node,
            f"{' and '.join(names[c.axis] for c in lost)} not an integer: "
            f"{first.equation(rounding_of(node))}; {' and '.join(parts)} {verb} never read",
            "kernel_size",
            exact_help(node, first),
        )


def describe_lost(lost: AxisCoverage, axis: str) -> str:
    """``the last 2 rows``."""
    count = lost.unread_end
    return f"the last {CELLS[axis]}" if count == 1 else f"the last {count} {CELLS[axis]}s"


def rounding_of(node: Node) -> Rounding:
    """How a layer's fractions are rounded: a pool's own ``ceil_mode`` wins."""
    assert node.inference is not None
    ceil_mode = getattr(node.layer, "ceil_mode", None)
    if ceil_mode is None:
        return node.inference.rounding
    return "ceil" if ceil_mode else "floor"


def exact_help(node: Node, window: Window) -> str:
    """What would make the size exact: another padding, kernel or input."""
    layer = node.layer
    most = window.kernel // 2 if node in POOL else None
    padding = window.exact_padding(most)
    # A pool's stride follows its kernel unless it is written.
    kernel = window.exact_kernel() if getattr(layer, "stride", None) is not None else None
    options, rest = [], []
    if layer and "pytorch" not in layer.frameworks:
        options.append("padding: same")  # Keras takes no numbers
    elif padding is not None:
        options.append(_padded(window, padding))
    elif (reading := window.reading_padding(most)) is not None:
        rest.append(_padded(window, reading))
    if kernel is not None:
        more = (kernel - window.kernel) * window.dilation
        room = window.n + window.before + window.after - window.span - more
        options.append(f"kernel_size: {kernel} ({window.n} → {room // window.stride + 1})")
    inputs = " or ".join(map(str, window.exact_inputs))
    options.append(f"{inputs} cells instead of {window.n}")
    if not getattr(layer, "ceil_mode", True):
        rest.append("ceil_mode: true")
    help = f"exact with {', '.join(options)}"
    return f"{help}; {' or '.join(rest)} reads the rest" if rest else help


def _padded(window: Window, padding: int) -> str:
    """``padding: 1 (64 → 32)``."""
    out = (window.n + 2 * padding - window.span) // window.stride + 1
    return f"padding: {padding} ({window.n} → {out})"
