"""The command line.

One command is one module of this package: ``conv_transpose.py`` is ``shapecalc conv-transpose``. It
is found by being there and imported when it is run. Its function ``command`` takes the options and
returns the exit code (``None`` is 0); its docstring is the help. ``PANEL`` and ``ORDER`` say under
which heading of ``--help`` it stands, and where. A module with a leading underscore is no command.

These modules do without ``from __future__ import annotations``: typer would evaluate every string
again, a quarter of what a one-off takes beyond importing typer.
"""

import gc
from collections.abc import Sequence
from typing import NoReturn


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run ``shapecalc`` with these arguments (by default the process's own), and exit."""
    own_process = args is None
    if own_process:
        gc.disable()
    from shapecalc.cli import _app

    if own_process:
        # What imports made lives to the end: to look through it for garbage, now and at the exit,
        # would be a tenth of what a one-off costs.
        gc.freeze()
        # Reports hold few cycles: the usual thresholds look through the imports of a command again
        # and again.
        gc.set_threshold(100_000, 50, 100)
        gc.enable()
    try:
        _app.main(args)
    finally:
        if own_process:
            # The same goes for what the run has made: it ends with the process.
            gc.freeze()
