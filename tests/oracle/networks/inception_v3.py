"""Inception-v3 with its auxiliary classifier, as in torchvision."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .modules import Concat

Size = int | tuple[int, int]


def conv(
    inputs: int, outputs: int, kernel: Size = 1, stride: int = 1, padding: Size = 0
) -> nn.Sequential:
    """A convolution, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(outputs, eps=0.001),
        nn.ReLU(),
    )


def row(inputs: int, outputs: int, size: int = 7) -> nn.Sequential:
    return conv(inputs, outputs, (1, size), padding=(0, size // 2))


def column(inputs: int, outputs: int, size: int = 7) -> nn.Sequential:
    return conv(inputs, outputs, (size, 1), padding=(size // 2, 0))


def pooled(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.AvgPool2d(3, 1, 1), conv(inputs, outputs))


class Parallel(nn.Module):
    """Branches that read the same input, their outputs joined."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.concat(*(branch(x) for branch in self.branches))
        return y


def inception_a(inputs: int, pool: int) -> Parallel:
    return Parallel(
        conv(inputs, 64),
        nn.Sequential(conv(inputs, 48), conv(48, 64, 5, padding=2)),
        nn.Sequential(conv(inputs, 64), conv(64, 96, 3, padding=1), conv(96, 96, 3, padding=1)),
        pooled(inputs, pool),
    )


def reduction_a(inputs: int) -> Parallel:
    return Parallel(
        conv(inputs, 384, 3, stride=2),
        nn.Sequential(conv(inputs, 64), conv(64, 96, 3, padding=1), conv(96, 96, 3, stride=2)),
        nn.MaxPool2d(3, 2),
    )


def inception_b(n: int) -> Parallel:
    return Parallel(
        conv(768, 192),
        nn.Sequential(conv(768, n), row(n, n), column(n, 192)),
        nn.Sequential(conv(768, n), column(n, n), row(n, n), column(n, n), row(n, 192)),
        pooled(768, 192),
    )


def reduction_b(inputs: int) -> Parallel:
    return Parallel(
        nn.Sequential(conv(inputs, 192), conv(192, 320, 3, stride=2)),
        nn.Sequential(
            conv(inputs, 192), row(192, 192), column(192, 192), conv(192, 192, 3, stride=2)
        ),
        nn.MaxPool2d(3, 2),
    )


def row_and_column(inputs: int) -> Parallel:
    return Parallel(row(inputs, 384, 3), column(inputs, 384, 3))


def inception_c(inputs: int) -> Parallel:
    return Parallel(
        conv(inputs, 320),
        nn.Sequential(conv(inputs, 384), row_and_column(384)),
        nn.Sequential(conv(inputs, 448), conv(448, 384, 3, padding=1), row_and_column(384)),
        pooled(inputs, 192),
    )


class Inception3(nn.Module):
    """Two outputs: the logits, and those of the auxiliary classifier half way."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.lower = nn.Sequential(
            conv(3, 32, 3, stride=2),
            conv(32, 32, 3),
            conv(32, 64, 3, padding=1),
            nn.MaxPool2d(3, 2),
            conv(64, 80),
            conv(80, 192, 3),
            nn.MaxPool2d(3, 2),
            inception_a(192, 32),
            inception_a(256, 64),
            inception_a(288, 64),
            reduction_a(288),
            *(inception_b(width) for width in (128, 160, 160, 192)),
        )
        self.aux = nn.Sequential(
            nn.AvgPool2d(5, 3),
            conv(768, 128),
            conv(128, 768, 5),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(768, classes),
        )
        self.upper = nn.Sequential(
            reduction_b(768),
            inception_c(1280),
            inception_c(2048),
            nn.AdaptiveAvgPool2d(1),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(2048, classes),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        middle = self.lower(x)
        aux_logits = self.aux(middle)
        return self.upper(middle), aux_logits


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {
    "Inception-v3": lambda: (Inception3(), ((3, 299, 299),)),
}
