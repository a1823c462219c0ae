"""The functional operations as PyTorch has them, run on a batch.

Sources have no batch axis. Where an operation counts axes, they are expanded over the batch first,
as a specification has them; where it broadcasts, they are handed over as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from shapecalc.layers.base import Tensor
from tests.oracle.answers import Answer
from tests.oracle.draw import Case, Sizes, sizes_of
from tests.oracle.draw_functional import ELEMENTWISE, UNARY

#: Larger than any size that is drawn, so that no axis is taken for it, and a prime.
BATCH = 37
#: For layers that slide, which cannot mistake it.
SMALL_BATCH = 2

#: Types whose inputs broadcast.
BROADCAST = frozenset(
    (
        *ELEMENTWISE,
        "matmul",
        "einsum",
        "expand",
        "scaled_dot_product_attention",
        "index_select",
    )
)


def _listed(value: Any, rank: int) -> list[Any]:
    return [value] * rank if isinstance(value, int) else list(value)


def _required(values: list[int], rank: int) -> list[int]:
    """One number for each axis, each of them above 0."""
    if len(values) != rank or min(values, default=1) < 1:
        raise ValueError(f"{values} for {rank} axes")
    return values


def _pad_same(layer: Any, x: torch.Tensor, dilation: Any, value: float = 0.0) -> torch.Tensor:
    """``pad_same`` of timm, for any number of axes."""
    rank = layer.rank
    if x.dim() != rank + 2:
        raise ValueError("another rank")
    kernel = _required(_listed(layer.kernel_size, rank), rank)
    stride = kernel if layer.stride is None else _required(_listed(layer.stride, rank), rank)
    spread = _required(_listed(dilation, rank), rank)
    sides: list[int] = []
    for n, k, s, d in reversed(list(zip(x.shape[2:], kernel, stride, spread, strict=True))):
        total = max((ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, value=value)


def _conv_same(layer: Any, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, Sizes]]:
    cls = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[layer.rank - 1]
    channels = x.shape[1] if layer.in_channels is None else layer.in_channels
    names = ("out_channels", "kernel_size", "stride", "dilation", "groups", "bias")
    module = cls(channels, **{name: getattr(layer, name) for name in names})
    weights = {name: tuple(value.shape) for name, value in module.named_parameters()}
    return module(_pad_same(layer, x, layer.dilation)), weights


def _max_pool_same(layer: Any, x: torch.Tensor) -> torch.Tensor:
    pool: Any = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[layer.rank - 1]
    padded = _pad_same(layer, x, layer.dilation, -float("inf"))
    return pool(padded, layer.kernel_size, layer.stride, 0, layer.dilation)  # type: ignore[no-any-return]


def _avg_pool_same(layer: Any, x: torch.Tensor) -> torch.Tensor:
    pool: Any = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[layer.rank - 1]
    return pool(_pad_same(layer, x, 1), layer.kernel_size, layer.stride)  # type: ignore[no-any-return]


def _blur(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """The reference code of Zhang 2019: pad, then a depthwise convolution."""
    rank, channels = layer.rank, x.shape[1]
    if x.dim() != rank + 2 or layer.channels not in (None, channels):
        raise ValueError("another rank, or other channels")
    kernel = _required(_listed(layer.kernel_size, rank), rank)
    stride = _required(_listed(layer.stride, rank), rank)
    sides: list[int] = []
    for k in reversed(kernel):
        sides += [(k - 1) // 2, ceil((k - 1) / 2)]
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    weight = torch.ones(channels, 1, *kernel)
    convolve: Any = (F.conv1d, F.conv2d)[rank - 1]
    return convolve(F.pad(x, sides, mode=mode), weight, stride=stride, groups=channels)  # type: ignore[no-any-return]


def _scale(layer: Any, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, Sizes]]:
    dim = 1 if layer.dim is None else layer.dim
    if x.dim() < 2 or (not x.is_floating_point() and not x.is_complex()):
        raise ValueError("nothing to scale")
    size = x.shape[dim] if layer.num_features is None else layer.num_features
    if size != x.shape[dim]:
        raise ValueError("a factor for another number of channels")
    weight = torch.ones(size, dtype=x.dtype)
    shape = [1] * x.dim()
    shape[dim] = size
    weights: dict[str, Sizes] = {"weight": (size,)} | ({"bias": (size,)} if layer.bias else {})
    return x * weight.view(shape), weights


def _average(layer: Any, *xs: torch.Tensor) -> torch.Tensor:
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total / len(xs)


def _folded(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def run(layer: Any, *xs: torch.Tensor) -> torch.Tensor:
        total = xs[0]
        for x in xs[1:]:
            total = function(total, x)
        return total

    return run


def _unary(name: str) -> Callable[..., torch.Tensor]:
    function: Callable[[torch.Tensor], torch.Tensor] = getattr(torch, name)
    return lambda layer, x: function(x)


def _reduce(function: Callable[..., torch.Tensor], *names: str) -> Callable[..., torch.Tensor]:
    def run(layer: Any, x: torch.Tensor) -> torch.Tensor:
        more = {name: getattr(layer, name) for name in names}
        return function(x, dim=layer.dim, keepdim=layer.keepdim, **more)

    return run


def _crop(layer: Any, x: torch.Tensor) -> torch.Tensor:
    rank = x.dim() - 2
    sides = _listed(layer.cropping, rank)
    pairs = [_listed(side, 2) for side in sides]
    if len(pairs) != rank or any(min(pair) < 0 for pair in pairs):
        raise ValueError(f"{pairs} for {rank} axes")
    for axis, (before, after) in enumerate(pairs, 2):
        x = x.narrow(axis, before, x.shape[axis] - before - after)
    return x


def _center_crop(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """``torchvision``'s for what is not larger than the input, over any number of axes."""
    rank = x.dim() - 2
    if rank < 1:
        raise ValueError("no axis to crop")
    for axis, size in enumerate(_required(_listed(layer.size, rank), rank), 2):
        x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
    return x


def _over_all(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def run(layer: Any, x: torch.Tensor) -> torch.Tensor:
        if x.dim() != layer.rank + 2:
            raise ValueError("another rank")
        return function(x, dim=tuple(range(2, x.dim())), keepdim=layer.keepdims)

    return run


def _space(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def run(layer: Any, x: torch.Tensor) -> torch.Tensor:
        if x.dim() != 4:  # as ONNX and TensorFlow have it
            raise ValueError("another rank")
        return function(x, layer.block_size)

    return run


def _tile(layer: Any, x: torch.Tensor) -> torch.Tensor:
    return x.repeat(1, *layer.repeats)


def _expand(layer: Any, x: torch.Tensor) -> torch.Tensor:
    batch = (BATCH,) if BATCH in x.shape else ()
    return x.expand(torch.Size((*batch, *layer.sizes)))


def _slice(layer: Any, x: torch.Tensor) -> torch.Tensor:
    sliced: torch.Tensor = torch.ops.aten.slice(x, layer.dim, layer.start, layer.end, layer.step)
    return sliced


def _index_select(layer: Any, x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    if BATCH in x.shape:
        return x.index_select(layer.dim, indices)
    return x[None].index_select(layer.dim, indices)[0]


def _drop_path(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """``torchvision.ops.stochastic_depth`` in eval()."""
    if not 0 <= layer.p <= 1:
        raise ValueError(f"p is {layer.p}")
    return x


def _attention(layer: Any, *xs: torch.Tensor) -> torch.Tensor:
    q, k, v, mask = (*xs, None)[:4]
    assert q is not None
    assert k is not None
    assert v is not None
    return F.scaled_dot_product_attention(
        q,
        k,
        v,
        mask,
        layer.dropout_p,
        layer.is_causal,
        scale=layer.scale,
        enable_gqa=layer.enable_gqa,
    )


def _parameter(layer: Any) -> tuple[torch.Tensor, dict[str, Sizes]]:
    return torch.zeros(layer.shape), {"weight": layer.shape}


RUN: dict[str, Callable[..., Any]] = {
    **{name: _unary(name) for name in UNARY},
    "add": _folded(torch.add),
    "multiply": _folded(torch.mul),
    "subtract": _folded(torch.sub),
    "divide": _folded(torch.div),
    "maximum": _folded(torch.maximum),
    "minimum": _folded(torch.minimum),
    "average": _average,
    "pow": lambda layer, x: torch.pow(x, layer.exponent),
    "clamp": lambda layer, x: torch.clamp(x, layer.min, layer.max),
    "normalize": lambda layer, x: F.normalize(x, layer.p, layer.dim, layer.eps),
    "scale": _scale,
    "drop_path": _drop_path,
    "cast": lambda layer, x: x.to(getattr(torch, layer.dtype)),
    "concat": lambda layer, *xs: torch.cat(xs, 1 if layer.dim is None else layer.dim),
    "stack": lambda layer, *xs: torch.stack(xs, layer.dim),
    "transpose": lambda layer, x: x.transpose(layer.dim0, layer.dim1),
    "squeeze": lambda layer, x: x.squeeze() if layer.dim is None else x.squeeze(layer.dim),
    "unsqueeze": lambda layer, x: x.unsqueeze(layer.dim),
    "flip": lambda layer, x: x.flip(layer.dims),
    "roll": lambda layer, x: x.roll(layer.shifts, layer.dims),
    "split": lambda layer, x: x.split(
        list(layer.split_size) if isinstance(layer.split_size, tuple) else layer.split_size,
        layer.dim,
    ),
    "unbind": lambda layer, x: x.unbind(layer.dim),
    "slice": _slice,
    "narrow": lambda layer, x: x.narrow(layer.dim, layer.start, layer.length),
    "select": lambda layer, x: x.select(layer.dim, layer.index),
    "index_select": _index_select,
    "expand": _expand,
    "tile": _tile,
    "repeat_interleave": lambda layer, x: x.repeat_interleave(layer.repeats, layer.dim),
    "space_to_depth": _space(F.pixel_unshuffle),
    "depth_to_space": _space(F.pixel_shuffle),
    "mean": _reduce(torch.mean),
    "sum": _reduce(torch.sum),
    "max": _reduce(torch.amax),
    "min": _reduce(torch.amin),
    "logsumexp": _reduce(torch.logsumexp),
    "std": _reduce(torch.std, "unbiased"),
    "var": _reduce(torch.var, "unbiased"),
    "vector_norm": lambda layer, x: torch.linalg.vector_norm(x, layer.p, layer.dim, layer.keepdim),
    "prod": _reduce(torch.prod),
    "argmax": _reduce(torch.argmax),
    "argmin": _reduce(torch.argmin),
    "matmul": lambda layer, x, y: x @ y,
    "einsum": lambda layer, *xs: torch.einsum(layer.subscripts, *xs),
    "scaled_dot_product_attention": _attention,
    "parameter": _parameter,
    "constant": lambda layer: torch.zeros(layer.shape, dtype=getattr(torch, layer.dtype)),
    "blur_pool1d": _blur,
    "blur_pool2d": _blur,
    **{f"conv{rank}d_same": _conv_same for rank in (1, 2, 3)},
    **{f"max_pool{rank}d_same": _max_pool_same for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d_same": _avg_pool_same for rank in (1, 2, 3)},
    "reshape": lambda layer, x: x.reshape(BATCH, *layer.shape),
    "permute": lambda layer, x: x.permute(layer.dims),
    "chunk": lambda layer, x: x.chunk(layer.chunks, layer.dim),
    **{f"global_avg_pool{rank}d": _over_all(torch.mean) for rank in (1, 2, 3)},
    **{f"global_max_pool{rank}d": _over_all(torch.amax) for rank in (1, 2, 3)},
    "center_crop": _center_crop,
    "pad": lambda layer, x: F.pad(x, layer.padding, layer.mode, layer.value),
    "crop": _crop,
}


def ask_function(case: Case) -> Answer:
    """Run the operation on a batch."""
    broadcasts = case.layer.type_name in BROADCAST
    batch = SMALL_BATCH if case.layer.rank else BATCH
    batched = not broadcasts or any(tensor.batched for tensor in case.inputs)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            tensors = [_zeros(tensor, batch, not broadcasts) for tensor in case.inputs]
            found = RUN[case.layer.type_name](case.layer(**case.args), *tensors)
            weights = {}
            if isinstance(found, tuple) and isinstance(found[-1], dict):
                found, weights = found
            outputs = list(_flatten(found))
    except Exception as error:  # noqa: BLE001 -- whatever PyTorch raises is a refusal
        return Answer(False, why=f"{type(error).__name__}: {error}")
    shapes = [tuple(output.shape) for output in outputs]
    if batched and case.inputs:
        if any(shape[:1] != (batch,) or BATCH in shape[1:] for shape in shapes):
            return Answer(False, why=f"the batch is touched: {shapes}")
        shapes = [shape[1:] for shape in shapes]
    dtypes = (str(output.dtype).removeprefix("torch.") for output in outputs)
    return Answer(True, tuple(zip(shapes, dtypes, strict=True)), weights)


def _zeros(tensor: Tensor, batch: int, expanded: bool) -> torch.Tensor:
    first = (batch,) if tensor.batched or expanded else ()
    return torch.zeros((*first, *sizes_of(tensor)), dtype=getattr(torch, tensor.dtype))


def _flatten(found: Any) -> Iterator[torch.Tensor]:
    if isinstance(found, torch.Tensor):
        yield found
    else:
        yield from found
