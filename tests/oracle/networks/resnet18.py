"""ResNet-18, torchvision's: specs/resnet18.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Add


class Basic(nn.Module):
    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, width, 1, stride, bias=False),
                nn.BatchNorm2d(width),
            )
        self.add = Add()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        body = self.body(x)
        y: Tensor = self.relu(self.add(body, self.shortcut(x)))
        return y


def stage(in_channels: int, width: int, stride: int = 2) -> nn.Sequential:
    return nn.Sequential(Basic(in_channels, width, stride), Basic(width, width, 1))


def resnet18(classes: int = 1000) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
        stage(64, 64, stride=1),
        stage(64, 128),
        stage(128, 256),
        stage(256, 512),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, classes),
    )


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "ResNet-18": lambda: (resnet18(), ((3, 224, 224),)),
}
