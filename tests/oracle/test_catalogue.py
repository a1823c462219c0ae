"""Every class of ``torch.nn`` and every operation that networks use is a layer type, or stands in
the list of those that are not, with a way out."""

from __future__ import annotations

import gzip
import inspect
import json

import pytest

from shapecalc.layers import catalogue
from shapecalc.layers.absent import KERAS, PYTORCH, WORDS, absent
from tests.checking import findings
from tests.oracle.draw import twins
from tests.oracle.draw_functional import TYPES
from tests.oracle.keras_golden import FILE

pytestmark = pytest.mark.oracle
torch = pytest.importorskip("torch")

#: The operations of 280 published models, by frequency, as PyTorch calls them.
OPERATIONS = (
    "add", "mul", "reshape", "slice", "cat", "view", "permute", "transpose", "matmul", "unsqueeze",
    "mean", "softmax", "flatten", "split", "pad", "chunk", "sub", "unbind", "roll",
    "scaled_dot_product_attention", "einsum", "sum", "squeeze", "stack", "expand", "tile",
    "interpolate", "clamp", "normalize",
)  # fmt: skip


def classes() -> list[str]:
    """The names of all classes of ``torch.nn``."""
    return sorted(name for name, value in vars(torch.nn).items() if inspect.isclass(value))


def test_every_class_of_pytorch() -> None:
    types = catalogue("pytorch")
    missing = [name for name in classes() if not types.find(name) and name not in PYTORCH]
    assert missing == []
    assert [name for name in PYTORCH if types.find(name)] == []
    assert set(PYTORCH) <= set(classes())


def test_every_type_is_compared_with_pytorch() -> None:
    types = catalogue("pytorch").types
    compared = {*twins(), *TYPES}
    assert [name for name, cls in types.items() if not cls.container and name not in compared] == []
    assert set(twins().values()) <= set(classes())


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation(name: str) -> None:
    found = catalogue("pytorch").find(name)
    assert found is not None
    assert found.type_name in {*TYPES, *twins()}


def test_other_words() -> None:
    assert [word for word in WORDS if catalogue("pytorch").find(word)] == []
    assert absent("keras", "getitem") == WORDS["getitem"]


def test_every_class_of_keras_that_was_asked_about() -> None:
    types = catalogue("keras")
    assert [name for name in KERAS if types.find(name)] == []
    asked = {row[0] for row in json.loads(gzip.decompress(FILE.read_bytes()))}
    assert asked <= set(types.types)


@pytest.mark.parametrize(
    ("framework", "name"),
    [*(("pytorch", name) for name in PYTORCH), *(("keras", name) for name in KERAS)],
)
def test_what_is_absent_says_so(framework: str, name: str) -> None:
    head = f"framework: {framework}\ninput: [3, 8, 8]\nlayers:\n  - "
    (found,) = findings(f"{head}{name}\n")
    reason = absent("keras" if framework == "keras" else "pytorch", name)
    assert reason
    assert (found.code, found.help, found.fix) == ("SC003", reason, None)
