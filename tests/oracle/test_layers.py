"""Every layer type that stands for a class of ``torch.nn``, against that class run eagerly.

Acceptance, output shapes and dtypes, and the names and shapes of all parameters must be equal.
``SHAPECALC_ORACLE_CASES`` sets the number of cases a type; ``python -m tests.oracle.fuzz`` runs it
for as long as one likes.
"""

from __future__ import annotations

import importlib
import inspect
import os
from typing import Any

import pytest

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")

from shapecalc.layers import catalogue  # noqa: E402
from tests.oracle.compare import Tally, explore  # noqa: E402
from tests.oracle.draw import fields_of, twins  # noqa: E402

pytestmark = pytest.mark.oracle

CASES = int(os.environ.get("SHAPECALC_ORACLE_CASES", "200"))

#: Arguments of PyTorch that say where tensors live, take any number of others, hold modules, or
#: choose between equivalent computations.
WITHOUT_FIELD = {
    "device", "dtype", "args", "kwargs", "encoder_layer", "decoder_layer", "custom_encoder",
    "custom_decoder", "enable_nested_tensor", "mask_check", "process_group",
}  # fmt: skip
#: Fields that are no argument of the class, but of its call or of a function applied to it; and
#: what tells classes with one signature apart, or is an older name.
DIFFERENT = {
    "parametrization", "output_size", "mode", "nonlinearity", "proj_size", "min_value", "max_value",
}  # fmt: skip


@pytest.mark.parametrize("name", twins())
def test_fields(name: str) -> None:
    """Every argument of the class is a field, and every field (but references) an argument."""
    classes = [getattr(torch.nn, twins()[name])]
    if name in ("transformer_encoder", "transformer_decoder"):
        classes.append(getattr(torch.nn, f"{twins()[name]}Layer"))
    if issubclass(classes[0], torch.nn.RNNBase):  # whose own signature is (*args, **kwargs)
        classes.append(torch.nn.RNNBase)
    arguments = {
        argument
        for cls in classes
        for argument in inspect.signature(cls).parameters
        if not argument.startswith("_")
    }
    fields = {field.name for field, _ in fields_of(catalogue("pytorch").types[name])}
    assert fields - DIFFERENT == arguments - WITHOUT_FIELD - DIFFERENT


@pytest.mark.parametrize("name", twins())
def test_agrees_with_torch(name: str) -> None:
    tally = Tally()
    explore(name, CASES, tally)
    # A type whose cases are nearly all refused would be compared on messages only.
    assert tally.accepted >= tally.total // 10, tally
