"""Lines for a person: with colours as rich writes them, without as they are."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING

from shapecalc.render._escape import inert

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from shapecalc.render import Options


class Page:
    """Output that is collected line by line."""

    def __init__(self, options: Options) -> None:
        self.color = options.color
        self.width = options.width
        self.stream = io.StringIO()

    @cached_property
    def console(self) -> Console:
        """What writes colours and tables, loaded where there are any."""
        from rich.console import Console

        return Console(
            file=self.stream,
            force_terminal=self.color,
            color_system="standard" if self.color else None,
            width=self.width,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def print(self, text: Text) -> None:
        """One or more whole lines, never wrapped."""
        if self.color:
            self.console.print(text, soft_wrap=True)
        else:
            self.stream.write(f"{text.plain}\n")

    def print_table(self, table: Table, width: int) -> None:
        """A table of at most so many cells a line."""
        self.console.width = width
        self.console.print(table)

    @property
    def text(self) -> str:
        """All of it, in which no CI system finds a command."""
        return inert(self.stream.getvalue())
