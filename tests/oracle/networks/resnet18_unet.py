"""A U-Net with a ResNet-18 as encoder: specs/resnet18_unet.yaml."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Concat
from .resnet18 import stage


def conv_norm(inputs: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]


class Up(nn.Module):
    """Twice the size, joined with what the encoder had at that size, if it had anything."""

    def __init__(self, inputs: int, skip: int, width: int) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2)
        self.concat = Concat()
        self.convs = nn.Sequential(*conv_norm(inputs + skip, width), *conv_norm(width, width))

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        x = self.up(x)
        y: Tensor = self.convs(x if skip is None else self.concat(x, skip))
        return y


class ResNetUNet(nn.Module):
    def __init__(self, classes: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()
        )
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stages = nn.ModuleList(
            [stage(64, 64, stride=1), stage(64, 128), stage(128, 256), stage(256, 512)]
        )
        self.ups = nn.ModuleList(
            [Up(512, 256, 256), Up(256, 128, 128), Up(128, 64, 64), Up(64, 64, 32), Up(32, 0, 16)]
        )
        self.mask = nn.Conv2d(16, classes, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        skips = [x]
        x = self.pool(x)
        for one in self.stages:
            x = one(x)
            skips.append(x)
        skips.pop()
        for up in self.ups:
            x = up(x, skips.pop() if skips else None)
        y: Tensor = self.mask(x)
        return y


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "ResNet-18 U-Net": lambda: (ResNetUNet(), ((3, 256, 256),)),
}
