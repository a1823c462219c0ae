"""Which names a layer sees, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from shapecalc.graph import Port
from shapecalc.layers.base import AXES, Shape, Tensor
from shapecalc.spec.expressions import RECEIVED, UNKNOWN
from shapecalc.spec.names import did_you_mean
from shapecalc.walk.guess import agreed


class UnresolvedError(LookupError):
    """A name that stands for nothing here; ``help`` says what would, ``meant`` is what it was
    probably meant for."""

    def __init__(
        self,
        message: str,
        help: str | None = None,
        meant: Result | None = None,
        *,
        absent: bool = False,
    ) -> None:
        super().__init__(message)
        self.help = help
        self.meant = meant
        #: Whether no layer of that name is in scope.
        self.absent = absent

    def likely(self) -> Port | None:
        """The output that was probably meant."""
        if self.meant is None or (self.meant.multiple and not self.meant.unknown):
            return None
        return self.meant.ports[0]


class Result:
    """What a layer (or a whole list of layers) yielded."""

    __slots__ = ("exports", "label", "multiple", "ports", "span", "unknown")

    def __init__(
        self,
        ports: tuple[Port, ...],
        label: str,
        exports: Mapping[str, Result] | None = None,
        *,
        multiple: bool = False,
        unknown: bool = False,
    ) -> None:
        self.ports = ports
        self.label = label
        self.exports = exports or {}
        #: Whether it is only to be read output by output.
        self.multiple = multiple
        #: Whether an error left even the number of outputs unknown.
        self.unknown = unknown
        #: The nodes of the graph that it took: from the first up to, not including, the last.
        self.span = (0, 0)

    def replaced(self, ports: tuple[Port, ...]) -> Result:
        """The same result with other outputs."""
        result = Result(
            ports,
            self.label,
            self.exports,
            multiple=self.multiple,
            unknown=self.unknown and self.multiple,
        )
        result.span = self.span
        return result

    def doubtful(self, other: Tensor | None) -> Result:
        """What is left of the result where it may as well be ``other``, or anything."""
        other = other or Tensor(None)
        ports = (Port(p.node, p.number, agreed(p.tensor, other)) for p in self.ports)
        result = self.replaced(tuple(ports))
        result.exports = {name: inner.doubtful(None) for name, inner in self.exports.items()}
        return result

    def agreeing(self, other: Result) -> Result:
        """One of two results of the same name."""
        if self.multiple or other.multiple:
            return Result(self.ports[:1], self.label, multiple=True, unknown=True).doubtful(None)
        return self.doubtful(other.tensor)

    @property
    def tensor(self) -> Tensor:
        """The first output."""
        return self.ports[0].tensor if self.ports else Tensor(None)

    def single(self, name: str = "prev") -> Port:
        """The output that its bare ``name`` means. Raises :class:`UnresolvedError`."""
        if self.multiple and not self.unknown:
            named = self.label.partition("`")[2].rstrip("`") if name == "prev" else name
            parts = [f"{named or 'name'}.{index}" for index in range(min(len(self.ports), 3))]
            rest = ["…"] if len(self.ports) > 3 else []
            raise UnresolvedError(
                f"{self.label} has {len(self.ports)} outputs",
                f"{'' if named else 'name it, and '}read one of them: {', '.join(parts + rest)}",
            )
        return self.ports[0]

    def part(self, name: str) -> Result:
        """An output by number, or an exported inner layer by name."""
        if self.unknown:
            return self
        if name.isdecimal() and len(name) < 9:
            index = int(name)
            if index < len(self.ports):
                return Result((self.ports[index],), f"{self.label}.{index}")
            last = len(self.ports) - 1
            raise UnresolvedError(
                f"{self.label} has no output {index}", f"its outputs are numbered 0 to {last}"
            )
        if name in self.exports:
            return self.exports[name]
        if not self.exports:
            raise UnresolvedError(
                f"{self.label} exports no {name!r}",
                f"let its block export it: outputs: [{name}]",
            )
        nearest = did_you_mean(name, self.exports)
        hint = f"did you mean `{nearest}`?" if nearest else f"it exports {', '.join(self.exports)}"
        meant = self.exports[nearest] if nearest else None
        raise UnresolvedError(f"{self.label} exports no {name!r}", hint, meant)


class Scope:
    """The names of one list of layers."""

    __slots__ = ("input", "names", "orphans", "parent", "prev", "results", "skipped", "trainable")

    def __init__(
        self,
        names: dict[str, Any],
        input: Result | None,
        parent: Scope | None = None,
        trainable: bool = True,
    ) -> None:
        #: Values that expressions may use.
        self.names = names
        #: Layers (and inputs) by name.
        self.results: dict[str, Result] = {}
        #: Name -> the ``when`` that was false, as it is written: ``when: depth > 3``.
        self.skipped: dict[str, str] = {}
        #: Layers whose name is wrong: one of them may be meant by a name that is nobody's.
        self.orphans: list[Result] = []
        self.input = input
        self.prev = input
        self.parent = parent
        self.trainable = trainable

    def find(self, name: str) -> Result:
        """What a (dotted) name under ``from`` stands for. Raises :class:`UnresolvedError`."""
        first, *rest = name.split(".")
        try:
            result = self._lookup(first)
        except UnresolvedError as error:
            if error.meant is not None and rest:
                error.meant = _part_of(error.meant, rest)
            raise
        for part in rest:
            result = result.part(part)
        return result

    def _lookup(self, name: str) -> Result:
        if name in ("prev", "input"):
            found = self.prev if name == "prev" else self.input
            if found is None:
                raise self._no_single_input(name)
            return found
        for scope in self._chain():
            if name in scope.results:
                return scope.results[name]
            if name in scope.skipped:
                condition = scope.skipped[name]
                why = "is false here" if condition.startswith("when") else "leaves it out here"
                raise UnresolvedError(
                    f"`{name}` is not in scope: its `{condition}` {why}",
                    f"give this layer the same `{condition}`, or read one that always runs",
                )
        for scope in self._chain():
            if scope.orphans:
                return scope.results.setdefault(name, scope.orphans.pop(0).doubtful(None))
        nearest = did_you_mean(name, self.known())
        some = ", ".join(islice(self.known(), 12))
        hint = f"did you mean `{nearest}`?" if nearest else f"in scope: {some}"
        raise UnresolvedError(
            f"no layer {name!r} before this one",
            hint,
            self._known(nearest) if nearest else None,
            absent=True,
        )

    def _chain(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def _known(self, name: str) -> Result | None:
        """What a name in scope stands for."""
        if name in ("prev", "input"):
            return self.prev if name == "prev" else self.input
        return next(scope.results[name] for scope in self._chain() if name in scope.results)

    def _no_single_input(self, name: str) -> UnresolvedError:
        *_, top = self._chain()
        inputs = ", ".join(list(top.results)[:6])
        return UnresolvedError(
            f"`{name}` stands for nothing here: the model has several inputs",
            f"say which one: from: {inputs.split(',')[0]} (there are {inputs})",
        )

    def known(self) -> Iterator[str]:
        """All names in scope."""
        yield from ("input", "prev")
        for scope in self._chain():
            yield from scope.results


def _part_of(result: Result, parts: list[str]) -> Result | None:
    try:
        for part in parts:
            result = result.part(part)
    except UnresolvedError:
        return None
    return result


def received_names(tensor: Tensor, channels_last: bool) -> Mapping[str, Any]:
    """What expressions may read of a layer's first input: ``in_channels``, ``in_height``, …"""
    return _received(tensor.shape, channels_last)


@lru_cache(maxsize=1024)
def _received(shape: Shape | None, channels_last: bool) -> Mapping[str, Any]:
    if shape is None:
        return dict.fromkeys(RECEIVED, UNKNOWN)
    if not shape:
        return {}
    sizes = [UNKNOWN if size is None else size for size in shape]
    found = {"in_channels": sizes[-1 if channels_last else 0], "in_features": sizes[-1]}
    spatial = sizes[:-1] if channels_last else sizes[1:]
    for axis, size in zip(AXES.get(len(spatial), ()), spatial, strict=False):
        found[f"in_{axis}"] = size
    return found
