"""The file is not YAML, or it passes a limit.

What it does: reports the first place at which the text stops being YAML 1.2, and text that passes a
limit: nesting of 100, an expansion of aliases to 100,000 nodes.

Why is this bad: nothing after that place can be read; limits keep a spec from a stranger from using
up memory and time.

Use instead: what the message says. Most often a bracket is not closed, a tab indents, or a `:` in
text needs quotes.
"""

from __future__ import annotations

SEVERITY = "error"
FAILS = """
input: [3, 64, 64
layers:
  - relu
"""
PASSES = """
input: [3, 64, 64]
layers:
  - relu
"""
