"""An expression cannot be read or computed.

What it does: reports an expression with a name that is not in scope, an operation that the language
does not have, a division by zero, a number of 2^53 or more, and a result of another type than the
field takes: `65 / 2` for a number of channels.

Why is this bad: the field has no value, and what depends on it is unknown.

Use instead: names from `vars`, the block's parameters, `index`, and `in_channels` and its like;
`//` where a division is to be rounded down.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64]
vars: {width: 65}
layers:
  - {type: conv2d, out_channels: width / 2, kernel_size: 3}
"""
PASSES = """
input: [3, 64, 64]
vars: {width: 65}
layers:
  - {type: conv2d, out_channels: width // 2, kernel_size: 3}
"""
