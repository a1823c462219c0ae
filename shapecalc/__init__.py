"""shapecalc: the type checker for neural-network architectures.

``check`` reads a spec and gives a :class:`~shapecalc.report.Report`, ``sweep`` checks it at many
values of its ``vars``; ``conv_size``, ``conv_transpose_size`` and ``pool_size`` are the size
equations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecalc.checker import UnreadableError, check
    from shapecalc.diagnostics import Diagnostic, Severity
    from shapecalc.report import Report
    from shapecalc.sizes import conv_size, conv_transpose_size, pool_size
    from shapecalc.variants import Variant, sweep

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "Report",
    "Severity",
    "UnreadableError",
    "Variant",
    "__version__",
    "check",
    "conv_size",
    "conv_transpose_size",
    "pool_size",
    "sweep",
]

# Names are imported where they are used: `shapecalc conv` needs none but the equations.
_HOMES = {
    "Diagnostic": "shapecalc.diagnostics",
    "Report": "shapecalc.report",
    "Severity": "shapecalc.diagnostics",
    "UnreadableError": "shapecalc.checker",
    "Variant": "shapecalc.variants",
    "check": "shapecalc.checker",
    "conv_size": "shapecalc.sizes",
    "conv_transpose_size": "shapecalc.sizes",
    "pool_size": "shapecalc.sizes",
    "sweep": "shapecalc.variants",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
