"""A temporal convolutional network for sequential MNIST, as in locuslab/TCN."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from .modules import Add, Select, Slice

LEVELS, CHANNELS, KERNEL, DROP = 8, 25, 7, 0.05


def causal_conv(inputs: int, dilation: int) -> list[nn.Module]:
    """A convolution that is padded on both ends and cut at the end."""
    reach = (KERNEL - 1) * dilation
    conv = weight_norm(nn.Conv1d(inputs, CHANNELS, KERNEL, padding=reach, dilation=dilation))
    type(conv).__name__ = "Conv1d"  # it is compared by this name; PyTorch says ParametrizedConv1d
    return [conv, Slice(2, end=-reach), nn.ReLU(), nn.Dropout(DROP)]


class TemporalBlock(nn.Module):
    """Two causal convolutions beside a shortcut."""

    def __init__(self, inputs: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*causal_conv(inputs, dilation), *causal_conv(CHANNELS, dilation))
        self.shortcut = nn.Sequential()
        if inputs != CHANNELS:
            self.shortcut.append(nn.Conv1d(inputs, CHANNELS, 1))
        self.add = Add()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        body = self.body(x)
        y: Tensor = self.relu(self.add(body, self.shortcut(x)))
        return y


def build() -> tuple[nn.Module, tuple[tuple[int, ...], ...]]:
    """The network and its input shape."""
    network = nn.Sequential(
        *(TemporalBlock(1 if level == 0 else CHANNELS, 2**level) for level in range(LEVELS)),
        Select(2, -1),
        nn.Linear(CHANNELS, 10),
        nn.LogSoftmax(-1),
    )
    return network, ((1, 784),)


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[tuple[int, ...], ...]]]] = {"TCN": build}
