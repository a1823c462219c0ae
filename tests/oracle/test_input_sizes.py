"""Which input sizes fit, against eager PyTorch: random models, and the networks of `specs/`."""

from __future__ import annotations

import importlib
import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shapecalc.reasoning.input_sizes import AxisSizes
from shapecalc.spec.source import Source
from tests.reasoning.brute_force import Case, cases, every_size, of_spec, questions
from tests.reasoning.random_models import model

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")
run_spec: Any = importlib.import_module("tests.oracle.run_spec")

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel"),
]

HERE = Path(__file__).resolve().parent
Run = Callable[[dict[str, Any]], Any]


def accepts(run: Run, case: Case, axes: AxisSizes, size: int) -> bool:
    """Whether PyTorch takes this size along these axes, without an axis of no cells."""
    shapes = {name: node.outputs[0].shape or () for name, node in case.replay.base.inputs.items()}
    for axis in axes.axes:
        shapes[axis.input] = axis.resized(shapes[axis.input], size)
    try:
        run({name: torch.zeros(1, *shape) for name, shape in shapes.items()})
    except RuntimeError:
        return False
    return True


def disagreements(
    run: Run, case: Case, sizes: list[int], most: int | None = None
) -> list[tuple[list[str], int, bool]]:
    return [
        ([axis.name for axis in axes.axes], size, size in axes.valid)
        for axes, _ in list(questions(case))[:most]
        for size in sizes
        if not axes.scanned or axes.scanned[0] <= size <= axes.scanned[1]
        if accepts(run, case, axes, size) != (size in axes.valid)
    ]


@pytest.mark.parametrize("seed", range(0, 60, 20))
def test_random_models(seed: int) -> None:
    """Those of PyTorch, where sizes are rounded down."""
    for number in range(seed, seed + 20):
        text = model(number)
        (case,) = cases(Source("random.yaml", text))
        if not case.sound or "keras" in text or "rounding: ceil" in text:
            continue
        network = run_spec.Network(text)
        try:
            network({name: torch.zeros(1, *shape) for name, shape in network.own.items()})
        except run_spec.UnsupportedError:
            continue
        tried = every_size(case, periods=2, at_most=150)
        some = random.Random(number).sample(tried, k=min(len(tried), 20))
        assert disagreements(network, case, sorted(some)) == [], text


#: By model, sizes on both sides of every bound, and some of each class; along both axes at once.
SIZES = {
    "alexnet": {"AlexNet": [62, 63, 64, 224]},
    "dcgan": {"generator": [1, 2, 5], "discriminator": [63, 64, 65, 80]},
    "densenet121": {"DenseNet-121": [28, 29, 30, 33]},
    "lenet5": {"LeNet-5": [31, 32, 33, 35, 36]},
    "resnet18": {"ResNet-18": [1, 2, 33]},
    "resnet18_unet": {"ResNet-18 U-Net": [30, 31, 32, 33, 63, 65]},
    "swin_t": {"Swin-T": [3, 112, 223, 224, 227, 228]},
    "unet": {"U-Net": [187, 188, 189]},
    "unet_padded": {"U-Net, padded": [8, 15, 16, 17, 24, 32, 48]},
    "vae": {"encoder": [45, 46, 61, 62, 77, 78], "decoder": []},
}


@pytest.mark.parametrize("name", SIZES)
def test_networks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    twins = importlib.import_module(f"networks.{name}").MODELS
    for case in of_spec(name):
        network, _ = twins[case.sizes.model]()
        network.eval()
        tried = SIZES[name][case.sizes.model]
        assert disagreements(partial(_run, network), case, tried, most=1) == []


def _run(network: Any, inputs: dict[str, Any]) -> None:
    with torch.no_grad():
        network(*inputs.values())
