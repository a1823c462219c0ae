"""A perceptron for MNIST: specs/mlp.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def mlp(rate: float = 0.2) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(28 * 28, 512),
        nn.ReLU(),
        nn.Dropout(rate),
        nn.Linear(512, 256),
        nn.ReLU(),
        nn.Dropout(rate),
        nn.Linear(256, 10),
    )


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "MLP": lambda: (mlp(), ((1, 28, 28),)),
}
