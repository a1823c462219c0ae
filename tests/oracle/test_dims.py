"""Expressions of named sizes, and the values said to fit, against eager PyTorch at other sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice
from random import Random

import pytest
import yaml

from shapecalc.reasoning.dims import follows
from tests.oracle.test_networks import SPECS, Models, run, torch, twin
from tests.reasoning.test_dims import named, with_names

pytestmark = pytest.mark.oracle

__all__ = ["twin"]  # a fixture
#: Of the sizes that fit, so many are drawn from: larger images take PyTorch too long.
MOST = 16


#: Networks that PyTorch runs fast, among them all whose sizes are of a kind of their own.
NETWORKS = [
    "alexnet",
    "espcn",
    "fcn",
    "lstm_tagger",
    "resnet18",
    "squeezenet",
    "tcn",
    "unet_padded",
]


@pytest.mark.parametrize("stem", NETWORKS)
def test_network(stem: str, twin: Callable[[str], Models]) -> None:
    (path,) = (path for path in SPECS if path.stem == stem)
    document = yaml.safe_load(path.read_text("utf-8"))
    text = with_names(document)
    assert text is not None
    _, result, domain = named(text)
    assert domain.sizes is not None
    (build,) = twin(stem).values()
    module, _ = build()
    given = result.graph.inputs["input"].outputs[0]
    draw = Random(stem)
    for wrong in (False, True):
        values: dict[str, int] = {}
        for sizes in domain.sizes.alone:
            least = max(sizes.start, sizes.valid.start)
            fits = list(islice((n for n in count(least) if n in sizes.valid), MOST))
            others = [n for n in range(1, fits[-1]) if n not in sizes.valid]
            refused = wrong and others and not values
            values[sizes.axes[0].name] = draw.choice(others if refused else fits)
        numbers = [values.get(str(size), size) for size in given.shape or ()]
        dtype = getattr(torch, given.dtype)
        image = torch.zeros(1, *numbers, dtype=dtype)
        if any(values[one.axes[0].name] not in one.valid for one in domain.sizes.alone):
            with pytest.raises((RuntimeError, ValueError)):
                run(module, [image])
            continue
        calls = run(module, [image])
        assert len(calls) == len(result.graph.nodes)
        for node, call in zip(result.graph.nodes, calls, strict=True):
            ours = node.outputs[0].shape or ()
            assert len(ours) == len(call.output or ())
            for size, number in zip(ours, call.output or (), strict=True):
                assert follows(size, number, values), (node.path, values, str(size), number)
