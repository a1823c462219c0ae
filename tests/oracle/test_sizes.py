"""The size equations against the layers of eager PyTorch: sizes, and what is accepted at all."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from shapecalc.sizes import (
    SizeError,
    conv_size,
    conv_transpose_size,
    conv_window,
    pool_size,
    pool_window,
    same_padding,
)

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")
functional: Any = importlib.import_module("torch.nn.functional")

pytestmark = pytest.mark.oracle

#: n, kernel, stride, padding, dilation.
GRID = list(product(range(1, 10), range(1, 5), range(1, 5), range(3), range(1, 4)))


def ours(size: Callable[..., int], *arguments: Any, **named: Any) -> int | None:
    """Our size; ``None`` where it is refused."""
    try:
        return size(*arguments, **named)
    except SizeError:
        return None


def theirs(layer: Callable[..., Any], *arguments: Any, **named: Any) -> int | None:
    """PyTorch's size; ``None`` where it is refused."""
    try:
        with torch.no_grad():
            return int(layer(*arguments, **named).shape[-1])
    except RuntimeError:
        return None


def signal(n: int) -> Any:
    return torch.zeros(1, 1, n)


def taps(kernel: int) -> Any:
    return torch.ones(1, 1, kernel)


def test_conv() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        expected = theirs(
            functional.conv1d,
            signal(n),
            taps(kernel),
            stride=stride,
            padding=padding,
            dilation=dilation,
        )
        found = ours(conv_size, n, kernel, stride, padding, dilation)
        assert found == expected, (n, kernel, stride, padding, dilation)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_conv_same() -> None:
    for n, kernel, dilation in product(range(1, 10), range(1, 6), range(1, 4)):
        padding = same_padding(n, kernel, 1, dilation)
        # Ones over ones count the real cells of each window: the padding's sides must agree too.
        counts = functional.conv1d(
            torch.ones(1, 1, n), taps(kernel), padding="same", dilation=dilation
        )
        window = conv_window(n, kernel, 1, padding, dilation)
        cells = [sum(0 <= cell < n for cell in window.positions(i)) for i in range(window.out)]
        assert counts.flatten().tolist() == cells, (n, kernel, dilation)


def test_the_cells_that_are_never_read_have_no_gradient() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        if ours(conv_size, n, kernel, stride, padding, dilation) is None:
            continue
        window = conv_window(n, kernel, stride, padding, dilation)
        signal = torch.zeros(1, 1, n, requires_grad=True)
        functional.conv1d(
            signal, taps(kernel), stride=stride, padding=padding, dilation=dilation
        ).sum().backward()
        read = {cell for i in range(window.out) for cell in window.positions(i)}
        touched = [cell for cell, slope in enumerate(signal.grad.flatten().tolist()) if slope]
        assert touched == [cell for cell in range(n) if cell in read]
        last = max(read)
        assert window.unread == sum(cell > last for cell in range(n))


def test_conv_transpose() -> None:
    for (n, kernel, stride, padding, dilation), extra in product(GRID[::2], range(4)):
        expected = theirs(
            functional.conv_transpose1d,
            signal(n),
            taps(kernel),
            stride=stride,
            padding=padding,
            output_padding=extra,
            dilation=dilation,
        )
        found = ours(conv_transpose_size, n, kernel, stride, padding, extra, dilation)
        # PyTorch lets a result of 0 pass; we do not.
        assert found == (expected or None), (n, kernel, stride, padding, extra, dilation)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_max_pool(ceil_mode: bool) -> None:
    for n, kernel, stride, padding, dilation in GRID:
        expected = theirs(
            functional.max_pool1d,
            signal(n),
            kernel,
            stride,
            padding,
            dilation,
            ceil_mode=ceil_mode,
        )
        found = ours(pool_size, n, kernel, stride, padding, dilation, ceil_mode=ceil_mode)
        assert found == expected, (n, kernel, stride, padding, dilation)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_avg_pool(ceil_mode: bool) -> None:
    for n, kernel, stride, padding, dilation in GRID:
        if dilation > 1:
            continue
        expected = theirs(
            functional.avg_pool1d, signal(n), kernel, stride, padding, ceil_mode=ceil_mode
        )
        found = ours(pool_size, n, kernel, stride, padding, ceil_mode=ceil_mode)
        assert found == expected, (n, kernel, stride, padding)


def test_the_stride_of_a_pool_is_its_kernel() -> None:
    for n, kernel in product(range(1, 12), range(1, 5)):
        assert ours(pool_size, n, kernel) == theirs(functional.max_pool1d, signal(n), kernel)


def test_the_last_window_of_a_ceil_mode_pool_reads_what_we_say() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        if ours(pool_size, n, kernel, stride, padding, dilation, ceil_mode=True) is None:
            continue
        window = pool_window(n, kernel, stride, padding, dilation, ceil_mode=True)
        rising = torch.arange(1.0, n + 1).reshape(1, 1, n)
        largest = functional.max_pool1d(rising, kernel, stride, padding, dilation, ceil_mode=True)
        for i, value in enumerate(largest.flatten().tolist()):
            cells = [cell for cell in window.positions(i) if 0 <= cell < n]
            if cells:  # a window over padding alone has the value -inf
                assert value == max(cells) + 1
