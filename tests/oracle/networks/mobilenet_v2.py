"""MobileNetV2 at width 1.0, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add

# Expansion, channels, turns, stride of the first: the paper's Table 2.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def conv_bn_relu6(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """A convolution that keeps the size at stride 1, batch norm and ReLU6."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    ]


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the input is added where the shape is kept."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = inputs * expand
        self.body = nn.Sequential(
            *(conv_bn_relu6(inputs, hidden) if expand != 1 else []),
            *conv_bn_relu6(hidden, hidden, kernel=3, stride=stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.add = Add() if stride == 1 and inputs == outputs else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        y: Tensor = out if self.add is None else self.add(x, out)
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    layers = conv_bn_relu6(3, 32, kernel=3, stride=2)
    channels = 32
    for expand, width, turns, first_stride in STAGES:
        for index in range(turns):
            stride = first_stride if index == 0 else 1
            layers.append(InvertedResidual(channels, width, stride, expand))
            channels = width
    layers += conv_bn_relu6(channels, 1280)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers), ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "MobileNetV2": build,
}
