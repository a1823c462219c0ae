"""The rules: one rule one module, found by its file name.

Dropping ``scNNN_kebab_name.py`` into this package is all it takes to add one.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module

from shapecalc.diagnostics import Severity
from shapecalc.rules.base import Rule

#: What nothing silences: who cannot read a file cannot say that all is well with it.
NEVER_SILENT = frozenset({"SC001", "SC900"})

_MODULE = re.compile(r"(sc\d{3})_(\w+)")


@cache
def modules() -> dict[str, str]:
    """Code -> the name of the module that documents (and checks) it, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    matches = [match for name in names if (match := _MODULE.fullmatch(name))]
    return {match[1].upper(): match[0] for match in matches}


@cache
def names() -> dict[str, str]:
    """Kebab-case name -> code."""
    return {name.partition("_")[2].replace("_", "-"): code for code, name in modules().items()}


@cache
def rule(code: str) -> Rule:
    """A rule by its code. Raises ``KeyError`` for an unknown one."""
    name = modules()[code]
    module = import_module(f"{__name__}.{name}")
    return Rule(
        code=code,
        name=name.partition("_")[2].replace("_", "-"),
        severity=Severity(module.SEVERITY),
        documentation=module.__doc__ or "",
        fails=module.FAILS,
        passes=module.PASSES,
        check=getattr(module, "check", None),
        default=getattr(module, "DEFAULT", True),
    )


def all_rules() -> list[Rule]:
    """Every rule, by code."""
    return [rule(code) for code in modules()]


@cache
def checks() -> list[Rule]:
    """The rules that look at the graph (SC2xx and up), without those that are off by default."""
    found = (rule(code) for code in modules() if code >= "SC2")
    return [one for one in found if one.check is not None and one.default]


@cache
def optional_checks() -> list[Rule]:
    """The rules that are off unless they are selected."""
    found = (rule(code) for code in modules() if code >= "SC2")
    return [one for one in found if one.check is not None and not one.default]
