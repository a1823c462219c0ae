"""A rule failed.

What it does: reports a rule that raised an exception, in place of what it might have found; all
other rules ran.

Why is this bad: it is a bug in shapecalc, not in the spec.

Use instead: nothing; please report it with the spec. `ignore` the rule it names until then.
"""

from __future__ import annotations

SEVERITY = "error"
#: No spec is known to raise it.
FAILS = ""
PASSES = """
input: [3, 64, 64]
layers:
  - relu
"""
