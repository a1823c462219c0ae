"""What is said below the table of a model whose sizes have names: which values fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.reasoning.dims import Domain
    from shapecalc.reasoning.input_sizes import AxisSizes
    from shapecalc.report import ModelReport
    from shapecalc.spec.source import Source

#: What a setting of costs asks for, and named sizes do not tell.
NUMBERS = "costs in bytes and seconds need numbers: --input 3x224x224, or --set H=224"


def domain_lines(domain: Domain, model: ModelReport) -> Iterator[tuple[str, str]]:
    """Titles and texts: the values that fit, which layers keep the others out, and what else."""
    sizes = domain.sizes
    names = ", ".join(domain.names)
    if sizes is None:
        yield "valid", f"no values of {names} were found that fit"
    else:
        source = model.spec.source
        for tie in sizes.ties:
            condition = tie.condition or f"{tie.axes[0].name} and {tie.axes[1].name} fit together"
            line = source.span(tie.failure.extent).line
            yield "together", f"{condition}: {tie.failure.label} at line {line}"
        yield from _of_all([*sizes.together, *sizes.alone], source)
        for condition in domain.conditions:
            yield "together", condition
    for name, values in domain.apart.items():
        yield "others", f"at {values.describe(name)} the model is not as shown"
    if domain.unexplained:
        at = "; ".join(map(str, domain.unexplained))
        yield "others", f"at {at} the model is not as shown"
    if model.setting is not None:
        yield "costs", NUMBERS


def _of_all(found: list[AxisSizes], source: Source) -> Iterator[tuple[str, str]]:
    """Each name, those that fit likewise together."""
    alike: dict[tuple[object, ...], list[AxisSizes]] = {}
    for one in found:
        alike.setdefault((one.valid, one.exact, one.scanned, len(one.axes)), []).append(one)
    for same in alike.values():
        one = same[0]
        names = ", ".join(_name(each) for each in same)
        yield "valid", one.valid.describe(names)
        for need in one.valid_needs:
            yield "", f"  {need.describe(source)}"
        if one.exact != one.valid:
            yield "exact", one.exact.describe(names)
        if one.scanned is not None:
            yield "scanned", f"{names}: {one.bound}"


def _name(sizes: AxisSizes) -> str:
    return " = ".join(dict.fromkeys(axis.name for axis in sizes.axes))
