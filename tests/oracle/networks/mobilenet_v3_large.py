"""MobileNetV3-Large, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add, Multiply

# Kernel, hidden channels, channels, squeeze-excitation, activation, stride: the paper's Table 1.
ROWS = (
    (3, 16, 16, False, nn.ReLU, 1),
    (3, 64, 24, False, nn.ReLU, 2),
    (3, 72, 24, False, nn.ReLU, 1),
    (5, 72, 40, True, nn.ReLU, 2),
    (5, 120, 40, True, nn.ReLU, 1),
    (5, 120, 40, True, nn.ReLU, 1),
    (3, 240, 80, False, nn.Hardswish, 2),
    (3, 200, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1),
    (3, 480, 112, True, nn.Hardswish, 1),
    (3, 672, 112, True, nn.Hardswish, 1),
    (5, 672, 160, True, nn.Hardswish, 2),
    (5, 960, 160, True, nn.Hardswish, 1),
    (5, 960, 160, True, nn.Hardswish, 1),
)


def make_divisible(value: int, divisor: int = 8) -> int:
    """The nearest multiple, but not below 90 % of the value."""
    rounded = max(divisor, (value + divisor // 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def conv_bn_act(
    inputs: int,
    outputs: int,
    act: type[nn.Module],
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
) -> list[nn.Module]:
    """A convolution that keeps the size at stride 1, batch norm and an activation."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=0.001, momentum=0.01),
        act(),
    ]


class SqueezeExcitation(nn.Module):
    """One factor for each channel, computed from the means of all."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        reduced = make_divisible(channels // 4)
        self.factors = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, reduced, 1),
            nn.ReLU(),
            nn.Conv2d(reduced, channels, 1),
            nn.Hardsigmoid(),
        )
        self.multiply = Multiply()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.multiply(self.factors(x), x)
        return y


class Bneck(nn.Module):
    """Expand, filter each channel, weigh the channels, project; a shortcut where it fits."""

    def __init__(
        self,
        inputs: int,
        kernel: int,
        hidden: int,
        outputs: int,
        weighs: bool,
        act: type[nn.Module],
        stride: int,
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(conv_bn_act(inputs, hidden, act) if hidden != inputs else []),
            *conv_bn_act(hidden, hidden, act, kernel, stride, groups=hidden),
            *([SqueezeExcitation(hidden)] if weighs else []),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs, eps=0.001, momentum=0.01),
        )
        self.add = Add() if stride == 1 and inputs == outputs else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        y: Tensor = out if self.add is None else self.add(out, x)
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    layers = conv_bn_act(3, 16, nn.Hardswish, kernel=3, stride=2)
    channels = 16
    for kernel, hidden, outputs, weighs, act, stride in ROWS:
        layers.append(Bneck(channels, kernel, hidden, outputs, weighs, act, stride))
        channels = outputs
    layers += [
        *conv_bn_act(channels, 960, nn.Hardswish),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(960, 1280),
        nn.Hardswish(),
        nn.Dropout(0.2),
        nn.Linear(1280, 1000),
    ]
    return nn.Sequential(*layers), ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "MobileNetV3-Large": build,
}
