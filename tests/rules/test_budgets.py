"""SC401 to SC407: figures against their limits."""

from __future__ import annotations

import pytest

from shapecalc.budget import Limit
from tests.checking import codes, findings

BODY = """
layers:
  - {type: conv2d, name: stem, out_channels: 16, kernel_size: 3, padding: 1, bias: false}
  - batch_norm2d
  - {type: relu, trainable: true}
  - {type: residual, body: [{type: conv2d, out_channels: 16, kernel_size: 3, padding: 1}, relu]}
"""
#: 432 + 32 + 2320 parameters; 8×8 places.
PARAMS = 432 + 32 + 2320


def text(budget: str, body: str = BODY) -> str:
    return f"input: [3, 8, 8]\nbudget: {budget}{body}"


def macs_of(spec: str) -> int:
    """What a spec takes, from the message about its passed budget."""
    (found,) = findings(spec)
    return int(found.message.split(" ")[2].rstrip(",").replace(",", ""))


@pytest.mark.parametrize(
    ("figure", "value", "code"),
    [
        ("params", PARAMS, "SC401"),
        ("trainable_params", PARAMS, "SC402"),
        ("macs", None, "SC403"),
        ("layers", 6, "SC405"),
        ("depth", 6, "SC406"),
    ],
)
def test_a_figure_may_reach_its_limit_and_not_pass_it(
    figure: str, value: int | None, code: str
) -> None:
    value = value or macs_of(text("{macs: 1}"))
    assert codes(text(f"{{{figure}: {value}}}")) == []
    assert codes(text(f"{{{figure}: {value - 1}}}")) == [code]


def test_the_message() -> None:
    (found,) = findings(text("{params: 2K}"))
    assert found.message == "params are 2,784, 784 (39.2 %) over the budget of 2K"
    assert found.help == (
        "largest: conv2d (line 7) 2,320 (83.3 %), conv2d `stem` (line 4) 432 (15.5 %), "
        "batch_norm2d (line 5) 32 (1.15 %)"
    )
    assert (found.path, found.line, found.column) == ("budget.params", 2, 10)


def test_uses_of_one_layer_are_counted_together() -> None:
    body = "\nlayers: [{type: conv2d, out_channels: 3, kernel_size: 1, repeat: 4}]\n"
    (found,) = [one for one in findings(text("{params: 10}", body)) if one.code == "SC401"]
    assert found.help == "largest: conv2d (line 3) ×4 48 (100 %)"


def test_frozen_parameters() -> None:
    frozen = BODY.replace("name: stem", "name: stem, trainable: false")
    assert codes(text(f"{{trainable_params: {PARAMS - 432}}}", frozen)) == []
    assert codes(text(f"{{trainable_params: {PARAMS - 433}}}", frozen)) == ["SC402"]


def test_memory() -> None:
    (found,) = findings(text("{memory: 1KiB}"))
    # All parameters; three maps of 16×8×8 live in the residual's convolution and its addition.
    assert found.help is not None
    assert found.help.startswith(
        "parameters 10.9 KiB, buffers 136 bytes, tensors that live at once 12.0 KiB at "
    )
    whole = PARAMS * 4 + 136 + 3 * 4096
    assert codes(text(f"{{memory: {whole}}}")) == []
    assert codes(text(f"{{memory: {whole - 1}}}")) == ["SC404"]


def test_any_one_layer() -> None:
    (found,) = findings(text("{layer_params: 2K, layer_macs: 100K}"))
    assert (found.code, found.line) == ("SC407", 7)
    assert found.message == (
        "conv2d: params are 2,320, 320 (16 %) over the budget of 2K; "
        "macs are 147,456, 47,456 (47.5 %) over the budget of 100K"
    )


def test_what_is_unknown_is_a_lower_bound() -> None:
    body = BODY + "  - {type: linear, out_features: 1 / 0}\n"
    found = findings(text("{params: 2K, macs: 1T}", body))
    assert [one.code for one in found] == ["SC401", "SC004"]
    assert "params are at least 2,784, " in found[0].message


@pytest.mark.parametrize(
    ("budget", "path", "help"),
    [
        ("{parms: 5M}", "budget.parms", "did you mean `params`?"),
        ("{params: 5X}", "budget.params", "write a number, or one with K, M, G, T: 5M"),
        ("{params: true}", "budget.params", None),
        ("{memory: 5M}", "budget.memory",
         "write a number, or one with KB, MB, GB, KiB, MiB, GiB: 200MiB"),
        ("5M", "budget", None),
    ],
)  # fmt: skip
def test_wrong_budgets(budget: str, path: str, help: str | None) -> None:
    found = [one for one in findings(text(budget)) if one.code == "SC002"]
    assert [(one.path, one.help) for one in found] == [(path, help)]


def test_whose_limit_counts() -> None:
    """Command line over spec over configuration, figure by figure."""
    low, high = Limit(10, "10", None, "--max-params"), Limit(10**6, "1M", None, "shapecalc.toml")
    assert codes(text("{params: 1M}"), limits={"params": low}) == []
    assert codes(text("{params: 10}"), limits={"params": high}) == ["SC401"]
    assert codes(text("{macs: 1T}"), limits={"params": low}) == ["SC401"]
    assert codes(text("{params: 10}"), command_line_limits={"params": high}) == []
    (found,) = findings(text("{params: 1M}"), command_line_limits={"params": low})
    assert (found.line, found.column) == (1, 1)
    assert found.message.startswith("model `spec`: params are 2,784, ")
    assert found.message.endswith(" (27,740 %) over the budget of 10 (--max-params)")


def test_zero() -> None:
    (found,) = findings(text("{params: 0}"))
    assert found.message == "params are 2,784, 2,784 over the budget of 0"


def test_budgets_are_of_the_specs_own_input() -> None:
    limit = macs_of(text("{macs: 1}"))
    assert codes(text(f"{{macs: {limit}}}"), further_inputs=({"": (3, 64, 64)},)) == []
