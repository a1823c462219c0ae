"""How far a long run is: a bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.progress import Progress

Item = TypeVar("Item")

#: A run that is over sooner shows no bar.
PATIENCE = 1.0
#: The bar changes at most once in so many seconds.
INTERVAL = 0.1


def shown(items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items as they come, while a bar shows how many of the ``total`` there were."""
    if not sys.stderr.isatty():
        yield from items
        return
    start = drawn = time.monotonic()
    bar: Progress | None = None
    try:
        for done, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now - start > PATIENCE and now - drawn > INTERVAL:
                drawn = now
                bar = bar or _bar(total)
                bar.update(bar.task_ids[0], completed=done, refresh=True)
    finally:
        if bar is not None:
            bar.stop()


def _bar(total: int) -> Progress:
    """A bar that is gone when it is done. It has no thread of its own: processes may be forked."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("checking"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        auto_refresh=False,
        transient=True,
    )
    bar.add_task("", total=total)
    bar.start()
    return bar
