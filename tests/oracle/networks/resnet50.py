"""ResNet-50 v1.5, torchvision's: specs/resnet50.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add

EXPANSION = 4


class Bottleneck(nn.Module):
    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        out_channels = width * EXPANSION
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
        self.add = Add()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        body = self.body(x)
        y: Tensor = self.relu(self.add(body, self.shortcut(x)))
        return y


def stage(in_channels: int, width: int, depth: int, stride: int = 2) -> nn.Sequential:
    rest = (Bottleneck(width * EXPANSION, width, 1) for _ in range(depth - 1))
    return nn.Sequential(Bottleneck(in_channels, width, stride), *rest)


def resnet50(classes: int = 1000) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        stage(64, 64, 3, stride=1),
        stage(256, 128, 4),
        stage(512, 256, 6),
        stage(1024, 512, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2048, classes),
    )


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "ResNet-50": lambda: (resnet50(), ((3, 224, 224),)),
}
