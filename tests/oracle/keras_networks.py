"""Write down the layers of real Keras models, for the specs of the same name in ``specs/``.

    KERAS_BACKEND=jax python -m tests.oracle.keras_networks

needs ``pip install "keras==3.15.*" jax jaxlib`` and writes ``keras_networks.json``, which
``test_keras_networks.py`` compares with the specs.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.oracle.keras_golden import twins

os.environ.setdefault("KERAS_BACKEND", "jax")
FILE = Path(__file__).with_name("keras_networks.json")

#: The parts of a residual block of ``keras.applications``, in the order in which a spec has them.
BLOCK = re.compile(r"(conv\d)_block(\d+)_(?:([0-3])_)?(conv|bn|relu|add|out)")


def resnet50() -> Any:
    """``keras.applications.ResNet50`` without its weights."""
    return import_module("keras").applications.ResNet50(weights=None)


def mnist_convnet() -> Any:
    """The "Simple MNIST convnet" of keras.io, as it is written there."""
    keras = import_module("keras")
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


MODELS: dict[str, Callable[[], Any]] = {"resnet50_keras": resnet50, "keras_cnn": mnist_convnet}


def place(name: str) -> tuple[str, int, int, int]:
    """Where a layer comes in its block: the body, then the shortcut (part 0), then their sum."""
    match = BLOCK.fullmatch(name)
    if match is None:
        return "", 0, 0, 0
    stage, block, part, kind = match.groups()
    parts = {"1": 1, "2": 2, "3": 3, "0": 4, None: 5}
    return stage, int(block), parts[part], ("conv", "bn", "relu", "add", "out").index(kind)


def in_order(layers: list[Any]) -> list[Any]:
    """The layers in the order of a spec: Keras lists the two branches of a block in turns."""
    places = [place(layer.name) for layer in layers]
    inside = [position for position, key in enumerate(places) if key[0]]
    ordered = sorted(inside, key=lambda position: places[position])
    found = list(layers)
    for position, source in zip(inside, ordered, strict=True):
        found[position] = layers[source]
    return found


def described(layer: Any) -> dict[str, Any]:
    """A layer's type in our words, its output and its weights; shapes without the batch."""
    ours = {theirs: name for name, (_, theirs) in reversed(twins().items())}
    kind = ours[type(layer).__name__]
    if kind == "activation":
        kind = layer.get_config()["activation"]
    return {
        "type": kind,
        "output": list(layer.output.shape[1:]),
        "weights": {weight.path.rsplit("/")[-1]: list(weight.shape) for weight in layer.weights},
    }


def counted(model: Any) -> dict[str, Any]:
    """A model as its golden file has it."""
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    return {
        "params": model.count_params(),
        "frozen": sum(weight.value.size for weight in model.non_trainable_weights),
        "layers": [described(layer) for layer in in_order(layers)],
    }


def main() -> None:
    """Run the command."""
    found = {name: counted(build()) for name, build in MODELS.items()}
    rows = [
        f'"{name}": {{"params": {model["params"]}, "frozen": {model["frozen"]}, "layers": [\n'
        + ",\n".join(json.dumps(layer) for layer in model["layers"])
        + "]}"
        for name, model in found.items()
    ]
    FILE.write_text("{" + ",\n".join(rows) + "}\n", encoding="utf-8")
    for name, model in found.items():
        print(f"{name}: {len(model['layers'])} layers, {model['params']:,} parameters")


if __name__ == "__main__":
    main()
