"""What a rule is, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from shapecalc.diagnostics import Severity
from shapecalc.graph import Graph, Node
from shapecalc.spec.source import Extent


class Found(NamedTuple):
    """What a rule found: the layer, the field to blame, the numbers and a way out.

    A finding about no layer (a budget, an unused name) has an ``extent`` and a ``path`` instead.
    """

    node: Node | None
    message: str
    field: str | None = None
    help: str | None = None
    extent: Extent | None = None
    path: str = ""
    #: A field of the layer and what to write there, where that mends it for certain.
    fix: tuple[str, str] | None = None


Check = Callable[[Graph], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a module of this package named ``sc201_non_integer_size``.

    Its docstring is its documentation; ``FAILS`` and ``PASSES`` are specs that run as its test.
    Rules that the reader or the walk raise themselves have no ``check``.
    """

    code: str
    name: str
    severity: Severity
    documentation: str
    fails: str
    passes: str
    check: Check | None
    default: bool

    @property
    def essential(self) -> bool:
        """Whether it is about what keeps a spec from being read at all."""
        return self.code < "SC1" or self.code == "SC900"

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return self.documentation.strip().splitlines()[0]
