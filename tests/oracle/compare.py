"""Ask both sides many questions of one layer type, and count how they answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, assume, given, seed, settings

from shapecalc.layers import catalogue
from tests.oracle.answers import ask_shapecalc, ask_torch
from tests.oracle.differences import BATCH_OF_TWO, deliberate
from tests.oracle.draw import Case, Strategy, cases
from tests.oracle.draw_functional import TYPES, functional_cases
from tests.oracle.functional import ask_function


class DisagreementError(AssertionError):
    """The two sides differ, and no entry of ``differences.py`` says why."""


@dataclass
class Tally:
    """How many cases were run, and how they ended."""

    accepted: int = 0
    refused: int = 0
    deliberate: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All cases."""
        return self.accepted + self.refused + self.deliberate.total()

    def add(self, other: Tally) -> None:
        """Count the cases of another run as well."""
        self.accepted += other.accepted
        self.refused += other.refused
        self.deliberate.update(other.deliberate)


def drawn(type_name: str) -> Strategy:
    """Cases of a layer type."""
    if type_name in TYPES:
        return functional_cases(type_name)
    return cases(catalogue("pytorch").types[type_name])


def compare(case: Case, tally: Tally) -> None:
    """Ask both sides. Raises :class:`DisagreementError`."""
    try:
        checked = ask_shapecalc(case)
    except Exception as error:
        raise DisagreementError(f"{case}\n  shapecalc fails: {error!r}") from error
    assume(not checked.too_large)
    ask = ask_function if case.layer.type_name in TYPES else ask_torch
    ours, torch = checked.answer, ask(case)
    if ours.accepted and not torch.accepted and case.layer.type_name in BATCH_OF_TWO:
        torch = ask_torch(case, batch=2)
    if ours.accepted and ours == torch:
        tally.accepted += 1
    elif not ours.accepted and not torch.accepted:
        tally.refused += 1
    else:
        name = None if ours.accepted else deliberate(case, checked.problems, torch)
        if name is None:
            ours_said, torch_said = ours.describe(torch), torch.describe(ours)
            raise DisagreementError(f"{case}\n  shapecalc: {ours_said}\n  torch:     {torch_said}")
        tally.deliberate[name] += 1


def explore(type_name: str, count: int, tally: Tally, start: int | None = None) -> None:
    """Compare ``count`` cases of a type, the same ones every time unless ``start`` is given.

    Raises :class:`DisagreementError` with the simplest case that was found.
    """

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=start is None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(drawn(type_name))
    def agree(case: Case) -> None:
        compare(case, tally)

    run = agree if start is None else seed(start)(agree)
    run()
