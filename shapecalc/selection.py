"""Which rules are reported, and how severely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapecalc import rules
from shapecalc.diagnostics import Severity
from shapecalc.rules.base import Rule
from shapecalc.spec.names import did_you_mean


@dataclass(frozen=True, slots=True)
class Selection:
    """What one place asks for: a configuration, the ``lint`` of a model, the command line.

    Codes or prefixes of codes, in capitals; see :func:`read_codes`.
    """

    #: Replaces the rules that are on by default, and what farther places select.
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    #: Not reported whatever is selected.
    never: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        others = self.extend_select or self.ignore or self.severity or self.never
        return self.select is not None or bool(others)


class Policy:
    """What several places ask for, the nearest last.

    Of the codes and prefixes that match a rule the longest decides; of two of the same length the
    nearer one; in one place ``ignore``.
    """

    def __init__(self, *places: Selection) -> None:
        self.places = tuple(place for place in places if place)
        self._reported: dict[str, bool] = {}
        self._used: dict[str, bool] = {}

    def reports(self, rule: Rule) -> bool:
        """Whether the findings of a rule are reported.

        What keeps a spec from being read at all (SC0xx) need not be selected.
        """
        known = self._reported.get(rule.code)
        if known is None:
            known = self._reported[rule.code] = self._decide(rule)
        return known

    def _decide(self, rule: Rule) -> bool:
        if rule.code in rules.NEVER_SILENT:
            return True
        if not self.places:
            return rule.essential or rule.default
        if any(_longest(rule.code, place.never) > 0 for place in self.places):
            return False
        selecting = [place for place in self.places if place.select is not None]
        wanted = rule.essential or (rule.default and not selecting)
        longest = 0
        for place in self.places:
            select = (place.select if selecting and place is selecting[-1] else None) or ()
            for codes, wish in (((*select, *place.extend_select), True), (place.ignore, False)):
                length = _longest(rule.code, codes)
                if length >= longest:
                    wanted, longest = wish, length
        return wanted

    def uses(self, prefix: str) -> bool:
        """Whether the rules are on that are meant by a code or prefix (those that are off by
        default need not be): only then can it be said that to silence it silences nothing."""
        known = self._used.get(prefix)
        if known is None:
            meant = [rule for rule in rules.all_rules() if rule.code.startswith(prefix)]
            on = [self.reports(rule) for rule in meant if rule.default]
            known = all(on) if on else any(self.reports(rule) for rule in meant)
            self._used[prefix] = known
        return known

    def severity_of(self, rule: Rule) -> Severity:
        """The severity that the findings of a rule get."""
        if rule.code in rules.NEVER_SILENT:
            return rule.severity
        found, longest = rule.severity, 0
        for place in self.places:
            length = _longest(rule.code, place.severity)
            if length >= longest:
                longest = length
                found = next(s for code, s in place.severity.items() if _fits(rule, code, length))
        return found


def _fits(rule: Rule, code: str, length: int) -> bool:
    return len(code) == length and rule.code.startswith(code)


def _longest(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


class UnknownCodeError(ValueError):
    """A code, prefix or name that no rule has; ``help`` offers the nearest."""

    def __init__(self, word: str) -> None:
        super().__init__(f"no rule has the code {word!r}" if word else "a rule's code is missing")
        self.word = word
        self.nearest = did_you_mean(word.upper(), rules.modules(), 0.75)
        self.nearest = self.nearest or did_you_mean(word.lower(), rules.names())
        self.help = (
            f"did you mean {self.nearest}?" if self.nearest else "`shapecalc rules` lists them all"
        )


def read_code(word: str) -> str:
    """A code, a prefix of codes, ``ALL`` or a rule's name as a prefix of codes.

    Raises :class:`UnknownCodeError`.
    """
    text = word.strip()
    by_name = rules.names().get(text.lower())
    if by_name:
        return by_name
    prefix = text.upper()
    if prefix in ("ALL", "SC"):
        return "SC"
    if len(prefix) > 2 and any(code.startswith(prefix) for code in rules.modules()):
        return prefix
    raise UnknownCodeError(text)


def read_codes(words: Iterable[str]) -> tuple[str, ...]:
    """Several of :func:`read_code`."""
    return tuple(read_code(word) for word in words)


def read_severities(values: Mapping[str, Any]) -> dict[str, Severity]:
    """``{SC201: error}``. Raises :class:`UnknownCodeError`, ``ValueError`` for another word."""
    return {read_code(code): Severity(value) for code, value in values.items()}
