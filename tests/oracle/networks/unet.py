"""The U-Net of Ronneberger et al. (2015), with valid convolutions and cropped skips."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import CenterCrop, Concat

WIDTH = 64


def double_conv(inputs: int, outputs: int) -> nn.Sequential:
    """Two valid 3×3 convolutions, each with a ReLU: the size shrinks by four."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3), nn.ReLU(), nn.Conv2d(outputs, outputs, 3), nn.ReLU()
    )


class Up(nn.Module):
    """Twice the size, half the channels, beside the cropped skip connection."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        outputs = inputs // 2
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
        self.crop = CenterCrop()
        self.concat = Concat()
        self.conv = double_conv(inputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        up = self.up(x)
        y: Tensor = self.conv(self.concat(self.crop(skip, up), up))
        return y


class UNet(nn.Module):
    """Four levels down, four up, and a 1×1 convolution to the classes."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        widths = [WIDTH * 2**level for level in range(5)]
        self.encoders = nn.ModuleList(
            double_conv(inputs, outputs)
            for inputs, outputs in zip([1, *widths[:-2]], widths[:-1], strict=True)
        )
        self.pools = nn.ModuleList(nn.MaxPool2d(2) for _ in widths[:-1])
        self.bottom = double_conv(widths[-2], widths[-1])
        self.ups = nn.ModuleList(Up(width) for width in reversed(widths[1:]))
        self.segment = nn.Conv2d(WIDTH, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for encoder, pool in zip(self.encoders, self.pools, strict=True):
            x = encoder(x)
            skips.append(x)
            x = pool(x)
        x = self.bottom(x)
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            x = up(x, skip)
        y: Tensor = self.segment(x)
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    return UNet(), ((1, 572, 572),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "U-Net": build,
}
