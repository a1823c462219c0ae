"""``shapecalc explain``: a rule or a layer type, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli import _options, _pages, _terminal

if TYPE_CHECKING:
    from shapecalc.layers.base import Framework, Layer
    from shapecalc.rules.base import Rule

PANEL = "Reference"
ORDER = 300

Word = Annotated[
    str,
    typer.Argument(metavar="CODE|LAYER", help="A rule's code or name, or a layer type."),
]


def command(word: Word, framework: _options.FrameworkOption = "pytorch") -> int:
    """Explain a rule or a layer type.

    \b
      shapecalc explain SC201                the rule, with examples
      shapecalc explain checkerboard         the same, by name
      shapecalc explain conv2d               fields, equation, weights of an example
      shapecalc explain conv2d --framework keras
    """
    rule = _find_rule(word)
    if rule is not None:
        _terminal.print_out(_pages.rule_page(rule))
        return 0
    layers = _find_layers(word, framework)
    if not layers:
        raise typer.BadParameter(_unknown(word, framework), param_hint="'CODE|LAYER'")
    if len(layers) > 1:
        names = " or ".join(layer.type_name for layer in layers)
        _terminal.print_out(f"{word} is {names}, by the rank of its input.\n")
    typical = layers[1] if len(layers) > 1 else layers[0]
    _terminal.print_out(_pages.layer_page(typical, framework))
    return 0


def _find_rule(word: str) -> Rule | None:
    from shapecalc import rules

    code = rules.names().get(word.lower().replace("_", "-"), word.upper())
    return rules.rule(code) if code in rules.modules() else None


def _find_layers(word: str, framework: Framework) -> list[type[Layer]]:
    """The type of this name; for a name without its rank, those for each rank."""
    from shapecalc.layers import catalogue

    known = catalogue(framework)
    layer = known.find(word)
    if layer is not None:
        return [layer]
    ranks = known.find_ranks(word) or {}
    return [ranks[rank] for rank in sorted(ranks)]


def _unknown(word: str, framework: Framework) -> str:
    from shapecalc import rules
    from shapecalc.layers import catalogue
    from shapecalc.layers.absent import absent
    from shapecalc.spec.names import did_you_mean

    if codes := [code for code in rules.modules() if code.startswith(word.upper())]:
        return f"{word!r} stands for several rules: {', '.join(codes)}."
    other: Framework = "keras" if framework == "pytorch" else "pytorch"
    if _find_layers(word, other):
        return f"Only {other} has {word!r}: add --framework {other}."
    why = absent(framework, word) or absent(other, word)
    if why:
        return f"There is no layer type {word!r}. {why}."
    near = did_you_mean(word, [*catalogue(framework).names(), *rules.names()])
    near = near or did_you_mean(word.upper(), rules.modules(), cutoff=0.6)
    hint = f"Did you mean {near!r}?" if near else "shapecalc rules and shapecalc layers list all."
    return f"There is no rule and no layer type {word!r}. {hint}"
