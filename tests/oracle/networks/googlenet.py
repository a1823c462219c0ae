"""GoogLeNet without auxiliary classifiers, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Concat


def conv_bn_relu(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size at stride 1, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=0.001),
        nn.ReLU(),
    )


class Inception(nn.Module):
    """Four branches side by side; the widths are a row of the paper's Table 1."""

    def __init__(
        self,
        inputs: int,
        n1x1: int,
        n3x3_reduce: int,
        n3x3: int,
        n5x5_reduce: int,
        n5x5: int,
        pool_proj: int,
    ) -> None:
        super().__init__()
        self.branch1 = conv_bn_relu(inputs, n1x1)
        self.branch2 = nn.Sequential(
            conv_bn_relu(inputs, n3x3_reduce), conv_bn_relu(n3x3_reduce, n3x3, kernel=3)
        )
        self.branch3 = nn.Sequential(
            conv_bn_relu(inputs, n5x5_reduce), conv_bn_relu(n5x5_reduce, n5x5, kernel=3)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True), conv_bn_relu(inputs, pool_proj)
        )
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.concat(self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x))
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    network = nn.Sequential(
        conv_bn_relu(3, 64, kernel=7, stride=2),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        conv_bn_relu(64, 64),
        conv_bn_relu(64, 192, kernel=3),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        Inception(192, 64, 96, 128, 16, 32, 32),
        Inception(256, 128, 128, 192, 32, 96, 64),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        Inception(480, 192, 96, 208, 16, 48, 64),
        Inception(512, 160, 112, 224, 24, 64, 64),
        Inception(512, 128, 128, 256, 24, 64, 64),
        Inception(512, 112, 144, 288, 32, 64, 64),
        Inception(528, 256, 160, 320, 32, 128, 128),
        nn.MaxPool2d(2, stride=2, ceil_mode=True),
        Inception(832, 256, 160, 320, 32, 128, 128),
        Inception(832, 384, 192, 384, 48, 128, 128),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(1024, 1000),
    )
    return network, ((3, 224, 224),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "GoogLeNet": build,
}
