"""ShuffleNet V2 1.0×, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Chunk, Concat


def pointwise(inputs: int, outputs: int) -> list[nn.Module]:
    """A 1×1 convolution, batch norm and ReLU."""
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def depthwise(channels: int, stride: int = 1) -> list[nn.Module]:
    """A 3×3 convolution of each channel alone and batch norm."""
    return [
        nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
    ]


class Unit(nn.Module):
    """Half of the channels pass, the other half is worked on."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.split = Chunk(2)
        self.branch = nn.Sequential(
            *pointwise(half, half), *depthwise(half), *pointwise(half, half)
        )
        self.concat = Concat()
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        kept, worked = self.split(x)
        y: Tensor = self.shuffle(self.concat(kept, self.branch(worked)))
        return y


class DownUnit(nn.Module):
    """Both branches read all channels and halve the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.left = nn.Sequential(*depthwise(inputs, stride=2), *pointwise(inputs, half))
        self.right = nn.Sequential(
            *pointwise(inputs, half), *depthwise(half, stride=2), *pointwise(half, half)
        )
        self.concat = Concat()
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.shuffle(self.concat(self.left(x), self.right(x)))
        return y


def stage(inputs: int, channels: int, units: int) -> list[nn.Module]:
    """A unit that halves the size and `units - 1` that keep it."""
    return [DownUnit(inputs, channels), *(Unit(channels) for _ in range(units - 1))]


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    network = nn.Sequential(
        nn.Conv2d(3, 24, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        *stage(24, 116, 4),
        *stage(116, 232, 8),
        *stage(232, 464, 4),
        *pointwise(464, 1024),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(1024, 1000),
    )
    return network, ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "ShuffleNet V2 1.0x": build,
}
