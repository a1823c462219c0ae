"""An activation follows one that leaves it nothing to do, or itself.

What it does: reports an activation straight after the same one, and a ReLU (or leaky ReLU, ELU,
PReLU) after an activation that is never negative, also through a dropout, a max pool or a
`flatten`. A softmax after a softmax is one too.

Why is this bad: a ReLU after a ReLU changes nothing; a second sigmoid, tanh or softmax squeezes its
values into a narrow range and slows training down. One of the two is a mistake.

Use instead: one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import (
    ACTIVATION,
    DROPOUT,
    IDENTITY,
    MAX_POOL,
    RESHAPE,
    SOFTMAX,
    activation_of,
    flow,
    label,
    previous,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
  - {type: max_pool2d, kernel_size: 2}
  - relu
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
  - {type: max_pool2d, kernel_size: 2}
"""


SAME = IDENTITY | RESHAPE
KEEPS_SIGN = SAME | DROPOUT | MAX_POOL
NEVER_NEGATIVE = {"relu", "relu6", "sigmoid", "hardsigmoid", "hard_sigmoid", "softplus", "softmax"}
#: What these do to numbers that are not negative: nothing.
ONLY_BELOW_ZERO = {"relu", "leaky_relu", "prelu", "rrelu", "elu", "celu"}

NON_LINEAR = ACTIVATION | SOFTMAX


def check(graph: Graph) -> Iterator[Found]:
    """Activations on activations."""
    #: What is said of a layer after others, which is the same for all that are written there.
    said: dict[tuple[object, ...], str | None] = {}
    for node in flow(graph).of(NON_LINEAR):
        straight = before = previous(node, SAME)
        if straight is None:
            continue
        if straight in KEEPS_SIGN:
            before = previous(straight, KEEPS_SIGN)
        key = tuple((one.spec, one.inference) for one in (node, straight, before) if one)
        if key not in said:
            said[key] = _complaint(node, straight, before)
        message = said[key]
        if message is not None:
            yield Found(node, message, None, "leave one of them out")


def _complaint(node: Node, straight: Node, before: Node | None) -> str | None:
    """What is wrong with an activation on what stands before it; ``None``: nothing."""
    if before is not None and _does_nothing(before, node):
        return f"it does nothing after the {_name(before)}, which yields nothing negative"
    if _repeats(straight, node):
        return f"it follows the {_name(straight)} with nothing between"
    return None


def _name(node: Node) -> str:
    word = activation_of(node)
    return label(node) if word in (None, node.type) else f"{word} of the {label(node)}"


def _does_nothing(before: Node, node: Node) -> bool:
    if activation_of(before) not in NEVER_NEGATIVE or activation_of(node) not in ONLY_BELOW_ZERO:
        return False
    return not getattr(before.layer, "negative_slope", None) and not _is_bent(node)


def _is_bent(node: Node) -> bool:
    """Whether a ReLU of Keras is given an upper limit or a threshold."""
    return any(getattr(node.layer, field, None) for field in ("threshold", "max_value"))


def _repeats(before: Node, node: Node) -> bool:
    if node in SOFTMAX:
        return before in SOFTMAX
    word = activation_of(before)
    return word is not None and word == activation_of(node) and not _is_bent(node)
