"""What every part of a spec is read with: checked keys, templates, names, asserted shapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapecalc.diagnostics import Edit, Fix
from shapecalc.limits import MAX_RANK
from shapecalc.spec import edits
from shapecalc.spec.expressions import (
    COMMA_HELP,
    FUNCTIONS,
    RECEIVED,
    ExpressionError,
    describe,
)
from shapecalc.spec.keys import Fault, Keys, check_keys, unknown_key
from shapecalc.spec.model import Assertion
from shapecalc.spec.names import did_you_mean, surely_meant
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Extent, Mapping, Sequence, Source
from shapecalc.spec.values import UNKNOWN_VALUE, Template, compile_value

RESERVED = ("input", "prev", "index")


def is_comma_rest(keys: Mapping, key: str) -> bool:
    """``k: max(1, 2)`` in a flow mapping leaves a key ``2)``: the value is reported instead."""
    return keys[key] is None and key.count(")") > key.count("(")


class Checked(Mapping):
    """The entries of a mapping that can be used."""

    __slots__ = ("stray",)

    def __init__(self, extent: Extent) -> None:
        super().__init__()
        self.extent = extent
        #: Whether there was a key that is none and like none.
        self.stray = False

    def add(self, name: str, keys: Mapping, key: str) -> None:
        """Take over an entry, perhaps under another name."""
        self[name] = keys[key]
        self.key_extents[name] = keys.key_extents[key]
        self.value_extents[name] = keys.value_extents[key]


class Reader:
    """Reads values of one source; what is wrong with them is added to ``problems``."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems

    def report(
        self,
        code: str,
        message: str,
        extent: Extent,
        help: str | None = None,
        path: str = "",
        layer: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(code, message, extent, help, path, layer, fix=fix))

    def text(self, keys: Mapping, key: str) -> str:
        """The text of a value as it was written: ``2015`` for a number."""
        value = keys[key]
        return value if isinstance(value, str) else self.source.raw(keys.value_extents[key])

    def check_keys(self, model: Keys, keys: Mapping, what: str, path: str) -> Checked:
        """Report the faults of a mapping; what of it can be used.

        An unknown key is taken for the nearest one; one that is like none may be meant for any
        that is missing, which is not reported as well.
        """
        checked = self._known_keys(model, keys, what, path)
        for fault in check_keys(model, checked, what):
            if fault.kind == "missing":
                start = keys.extent[0]
                if not checked.stray:
                    self.report("SC002", fault.message, (start, start + 1), fault.help, path)
                continue
            inner = checked[fault.key]
            if fault.entry is not None and isinstance(inner, Mapping):
                extent = inner.entry_extent(fault.entry)
                fix = self.fix_of(fault._replace(key=fault.entry), inner)
            else:
                extent, fix = checked.entry_extent(fault.key), self.fix_of(fault, checked)
            self.report("SC002", fault.message, extent, fault.help, path + fault.key, fix=fix)
            del checked[fault.key]
        return checked

    def _known_keys(self, model: Keys, keys: Mapping, what: str, path: str) -> Checked:
        """The entries of a mapping under the keys that were meant; unknown ones are reported."""
        known = model.keys
        checked = Checked(keys.extent)
        for key in keys:
            meant: str | None = key
            if key not in known:
                fault = unknown_key(key, known, what)
                extent, fix = keys.entry_extent(key), self.fix_of(fault, keys)
                self.report("SC002", fault.message, extent, fault.help, path + key, fix=fix)
                meant = did_you_mean(key, known)
            if meant is None:
                checked.stray = True
            elif meant == key or meant not in keys:
                checked.add(meant, keys, key)
        return checked

    def fix_of(self, fault: Fault, keys: Mapping) -> Fix | None:
        """The correction of a key, or of the word that is its value."""
        if fault.meant is None:
            return None
        if fault.kind == "unknown":
            return edits.rename_key(self.source, keys, fault.key, fault.meant)
        return edits.replace_word(self.source, keys.value_extents[fault.key], fault.meant)

    def unknown_word(
        self, word: str, known: Iterable[str], what: str, keys: Mapping, key: str, path: str
    ) -> None:
        """Report a value that is none of the words known."""
        known = list(known)
        nearest = did_you_mean(word, known)
        help = f"did you mean `{nearest}`?" if nearest else f"one of {', '.join(known)}"
        meant = surely_meant(word, known)
        fix = edits.replace_word(self.source, keys.value_extents[key], meant) if meant else None
        message = f"unknown {what} {word!r}"
        self.report("SC002", message, keys.entry_extent(key), help, path, fix=fix)

    def template(
        self, value: Any, extent: Extent, path: str, *, words: bool = False, about: str = ""
    ) -> Template | None:
        """A value that may be an expression; ``None`` where it cannot be read.

        ``about`` says in the message whose value it is.
        """
        try:
            return compile_value(value, words=words)
        except ExpressionError as error:
            help, fix = self.way_out(error, extent)
            self.report("SC004", f"{about}{error}", extent, help, path, fix=fix)
            return None

    def way_out(self, error: ExpressionError, extent: Extent) -> tuple[str | None, Fix | None]:
        """The help for an expression that cannot be read, and the change that mends it."""
        if error.unclosed:
            whole = edits.unquoted(self.source, extent, error.unclosed)
            if whole is not None:
                text = self.source.raw(whole)
                fix = Fix(f"put quotes round {text}", (Edit(*whole, f'"{text}"'),))
                return f'{COMMA_HELP}: "{text}"', fix
        return error.help, edits.of_expression(self.source, extent, error)

    def sizes(self, value: Sequence, path: str, about: str, what: str) -> list[Template | None]:
        """The sizes of a shape, each of which may be an expression; ``_`` is ``None``.

        ``[max(1, 2), 3]`` is read as the two sizes that it was meant for.
        """
        found: list[Template | None] = []
        depth = 0
        for index, item in enumerate(value):
            extent, where = value.item_extents[index], f"{path}[{index}]"
            opened, closed = (str(item).count(bracket) for bracket in "()")
            if depth:
                depth = max(depth + opened - closed, 0)
                continue
            if item == "_" and "_" in what:
                found.append(None)
            elif isinstance(item, (int, str)) and not isinstance(item, bool):
                template = self.template(item, extent, where, about=about)
                found.append(template or UNKNOWN_VALUE)
                depth = max(opened - closed, 0) if template is None else 0
            else:
                message = f"a size must be {what}, not {describe(item)}"
                self.report("SC002", message, extent, path=where)
                found.append(UNKNOWN_VALUE)
        return found

    def vars(self, values: Mapping, path: str) -> dict[str, Template]:
        """Named values, in the order they are computed in."""
        self.check_names(values, path)
        found = {}
        for name, value in values.items():
            extent, about = values.entry_extent(name), f"`{name}`: "
            template = self.template(value, extent, f"{path}.{name}", words=True, about=about)
            found[name] = template or UNKNOWN_VALUE
        return found

    def check_names(self, values: Mapping, path: str) -> None:
        """Report names that mean something else already."""
        for name in values:
            if not is_comma_rest(values, name):
                self.check_name(name, values.key_extents[name], f"{path}.{name}")

    def check_name(self, name: str, extent: Extent, path: str) -> None:
        """Report a name that means something else already, or is none."""
        reason = None
        if name in {*RESERVED, *RECEIVED, *FUNCTIONS, "true", "false", "_"}:
            reason = "is reserved"
        elif not name.isidentifier():
            reason = "is not a name: use letters, digits and _"
        if reason:
            self.report("SC002", f"{name!r} {reason}", extent, path=path)

    def assertion(self, value: Any, extent: Extent, path: str) -> Assertion | None:
        """An asserted shape."""
        if value == "_":
            return Assertion(None, False, extent)
        if not isinstance(value, Sequence):
            self.report(
                "SC002", f"`expect` must be a shape, not {describe(value)}", extent, path=path
            )
            return None
        if len(value) > MAX_RANK:
            message = f"a shape has at most {MAX_RANK} axes, this one has {len(value):,}"
            self.report("SC002", message, extent, path=path)
            return None
        sizes = self.sizes(value, path, "expect: ", "an integer, an expression or _")
        numeric = any(isinstance(item, int) for item in value)
        return Assertion(tuple(sizes), numeric, extent)
