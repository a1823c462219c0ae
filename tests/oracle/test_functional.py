"""The functional operations against those of eager PyTorch, run on a batch.

Acceptance, output shapes and dtypes, and the shapes of all weights must be equal.
``SHAPECALC_ORACLE_CASES`` sets the number of cases a type.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")

from tests.oracle.compare import Tally, explore  # noqa: E402
from tests.oracle.draw_functional import TYPES  # noqa: E402

pytestmark = pytest.mark.oracle

CASES = int(os.environ.get("SHAPECALC_ORACLE_CASES", "200"))


@pytest.mark.parametrize("name", TYPES)
def test_agrees_with_torch(name: str) -> None:
    tally = Tally()
    explore(name, CASES, tally)
    assert tally.accepted >= tally.total // 10, tally
