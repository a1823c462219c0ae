"""What training keeps, in PyTorch and by our figures, for every network of specs/."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")

from shapecalc.costs.memory import Memory  # noqa: E402
from shapecalc.costs.setting import Setting  # noqa: E402
from tests.oracle.saved_bytes import (  # noqa: E402
    BATCH,
    END,
    PAGE,
    START,
    Row,
    graphs,
    load_twins,
    measure,
    stems,
    table,
)

pytestmark = pytest.mark.oracle

#: By how many bytes the two may differ where the page says why.
EXPLAINED = {
    "LSTM tagger": 40_000,  # a workspace of oneDNN
    "ConvNeXt-T": 200, "EfficientNet-B0": 200, "Swin-T": 200,  # stochastic depth
}  # fmt: skip


def rows_of_the_page() -> list[str]:
    text = PAGE.read_text("utf-8")
    return text[text.index(START) + len(START) : text.index(END)].splitlines()[2:]


#: What takes PyTorch long: run when the page is written, and here only against the page.
HEAVY = ("gpt2", "unet3d", "fcn")


@pytest.mark.parametrize("stem", HEAVY)
def test_what_the_page_says_of_us(stem: str) -> None:
    for name, graph in graphs(stem):
        kept = Memory(graph, Setting(BATCH, optimizer="adam")).kept.value
        assert any(row.startswith(f"| {name} |") and f"| {kept:,} |" in row
                   for row in rows_of_the_page())  # fmt: skip


@pytest.mark.parametrize("stem", sorted({*stems()}.difference(HEAVY)))
def test_kept_bytes(stem: str) -> None:
    written = rows_of_the_page()
    for row in measure(stem, load_twins):
        assert row.parameters[0] == row.parameters[1]
        assert row.buffers[0] == row.buffers[1]
        assert abs(row.deviation) <= EXPLAINED.get(row.model, 0), row
        # What PyTorch keeps may change with its version, where the page says why they differ.
        if row.model not in EXPLAINED:
            assert table([row]).splitlines()[2] in written, "python -m tests.oracle.saved_bytes"


def test_the_page_has_every_network() -> None:
    rows = rows_of_the_page()
    assert len(rows) == len(set(rows)) >= len(stems())


def test_that_the_comparison_can_fail() -> None:
    row = Row("s", "m", ((1,),), (0, 0), (0, 0), ours=100, torch=90, masks=0)
    assert row.deviation == 10
    assert "+11.11%" in table([row])
