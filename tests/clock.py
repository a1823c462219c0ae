"""Bounds on how long something may take that hold on slow and busy machines too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail where more seconds of this process are needed: what else runs counts for nothing.

    Give many times what it takes: the bound is there for what never ends, or takes the square.
    """
    before = time.process_time()
    yield
    taken = time.process_time() - before
    assert taken < seconds, f"{taken:.1f} s, {seconds:g} s is the most"
