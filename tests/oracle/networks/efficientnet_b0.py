"""EfficientNet-B0, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add, DropPath, Multiply

# Expansion, kernel, channels, turns, stride of the first: the paper's Table 1.
STAGES = (
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
)
BLOCKS = sum(stage[3] for stage in STAGES)


def conv_bn_silu(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """A convolution that keeps the size at stride 1, batch norm and SiLU."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
    ]


class SqueezeExcitation(nn.Module):
    """One factor for each channel, computed from the means of all."""

    def __init__(self, channels: int, reduced: int) -> None:
        super().__init__()
        self.factors = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, reduced, 1),
            nn.SiLU(),
            nn.Conv2d(reduced, channels, 1),
            nn.Sigmoid(),
        )
        self.multiply = Multiply()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.multiply(self.factors(x), x)
        return y


class MBConv(nn.Module):
    """Expand, filter each channel, weigh the channels, project; a shortcut where it fits."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, expand: int, drop: float
    ) -> None:
        super().__init__()
        hidden = inputs * expand
        self.body = nn.Sequential(
            *(conv_bn_silu(inputs, hidden) if expand != 1 else []),
            *conv_bn_silu(hidden, hidden, kernel, stride, groups=hidden),
            SqueezeExcitation(hidden, max(1, inputs // 4)),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.add: nn.Module | None = None
        if stride == 1 and inputs == outputs:
            self.body.append(DropPath(drop))
            self.add = Add()

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        y: Tensor = out if self.add is None else self.add(out, x)
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    layers = conv_bn_silu(3, 32, kernel=3, stride=2)
    channels, blocks = 32, 0
    for expand, kernel, width, turns, first_stride in STAGES:
        for index in range(turns):
            stride = first_stride if index == 0 else 1
            drop = 0.2 * blocks / BLOCKS
            layers.append(MBConv(channels, width, kernel, stride, expand, drop))
            channels = width
            blocks += 1
    layers += conv_bn_silu(channels, 1280)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers), ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "EfficientNet-B0": build,
}
