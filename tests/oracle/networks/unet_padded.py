"""The padded U-Net with batch norm of mateuszbuda/brain-segmentation-pytorch."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Concat

WIDTH = 32


def double_conv(inputs: int, outputs: int) -> nn.Sequential:
    """Two padded 3×3 convolutions, each with batch norm and ReLU: the size is kept."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Up(nn.Module):
    """Twice the size, half the channels, beside the skip connection."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        outputs = inputs // 2
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
        self.concat = Concat()
        self.conv = double_conv(inputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        y: Tensor = self.conv(self.concat(self.up(x), skip))
        return y


class UNet(nn.Module):
    """Four levels down, four up, a 1×1 convolution and a sigmoid."""

    def __init__(self, classes: int = 1) -> None:
        super().__init__()
        widths = [WIDTH * 2**level for level in range(5)]
        self.encoders = nn.ModuleList(
            double_conv(inputs, outputs)
            for inputs, outputs in zip([3, *widths[:-2]], widths[:-1], strict=True)
        )
        self.pools = nn.ModuleList(nn.MaxPool2d(2) for _ in widths[:-1])
        self.bottom = double_conv(widths[-2], widths[-1])
        self.ups = nn.ModuleList(Up(width) for width in reversed(widths[1:]))
        self.segment = nn.Conv2d(WIDTH, classes, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for encoder, pool in zip(self.encoders, self.pools, strict=True):
            x = encoder(x)
            skips.append(x)
            x = pool(x)
        x = self.bottom(x)
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            x = up(x, skip)
        y: Tensor = self.sigmoid(self.segment(x))
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    return UNet(), ((3, 256, 256),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "U-Net, padded": build,
}
