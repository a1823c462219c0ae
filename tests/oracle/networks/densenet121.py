"""DenseNet-121, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Concat

GROWTH = 32
BOTTLENECK = 4 * GROWTH


class DenseLayer(nn.Module):
    """`GROWTH` new channels behind those that came in."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.new = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, BOTTLENECK, 1, bias=False),
            nn.BatchNorm2d(BOTTLENECK),
            nn.ReLU(),
            nn.Conv2d(BOTTLENECK, GROWTH, 3, padding=1, bias=False),
        )
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.concat(x, self.new(x))
        return y


def transition(channels: int) -> list[nn.Module]:
    """Half the channels, half the size."""
    return [
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels // 2, 1, bias=False),
        nn.AvgPool2d(2, stride=2),
    ]


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    channels = 2 * GROWTH
    layers: list[nn.Module] = [
        nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for block, turns in enumerate((6, 12, 24, 16)):
        if block > 0:
            layers += transition(channels)
            channels //= 2
        for _ in range(turns):
            layers.append(DenseLayer(channels))
            channels += GROWTH
    layers += [
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, 1000),
    ]
    return nn.Sequential(*layers), ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "DenseNet-121": build,
}
