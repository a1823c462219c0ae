"""A spec of sliding layers and merges run by eager PyTorch, with weights made at its own input."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import yaml

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")


class UnsupportedError(Exception):
    """A layer that is not run here."""


class Network:
    """Runs the layers of a spec on inputs of any size; the first run fixes the weights."""

    def __init__(self, text: str) -> None:
        self.spec = yaml.safe_load(text)
        self.weights: dict[str, Any] = {}
        given = self.spec.get("inputs") or {"input": self.spec["input"]}
        self.own: dict[str, list[int]] = given

    def __call__(self, inputs: dict[str, Any]) -> Any:
        """The output of the last layer; RuntimeError where PyTorch refuses."""
        names = dict(inputs)
        with torch.no_grad():
            prev = inputs.get("input")
            return self._stack(self.spec["layers"], prev, names, "layers")

    def _stack(self, layers: Sequence[Any], prev: Any, names: dict[str, Any], path: str) -> Any:
        for number, written in enumerate(layers):
            layer = {"type": written} if isinstance(written, str) else dict(written)
            source = layer.get("from", "prev")
            known = {**names, "prev": prev}
            read = [known[name] for name in ([source] if isinstance(source, str) else source)]
            prev = self._layer(layer, read, known, f"{path}.{number}")
            if 0 in prev.shape:  # PyTorch lets some layers give nothing: the checker does not
                raise RuntimeError(f"{layer['type']} leaves nothing")
            if "name" in layer:
                names[layer["name"]] = prev
        return prev

    def _layer(
        self, layer: dict[str, Any], read: list[Any], known: dict[str, Any], path: str
    ) -> Any:
        kind, x = layer["type"], read[0]
        rank = x.dim() - 2
        if kind in ("parallel", "residual"):
            bodies = layer["branches"] if kind == "parallel" else [layer["body"], []]
            outputs = [
                self._stack(body, x, dict(known), f"{path}.{turn}")
                for turn, body in enumerate(bodies)
            ]
            return _merge(layer.get("merge", "add"), outputs)
        if kind in ("add", "concat"):
            return _merge(kind, read)
        if "like" in layer:
            return _resized(kind, x, tuple(known[layer["like"]].shape[2:]))
        if kind.startswith(("conv", "conv_transpose")) or kind in ("linear", "layer_norm"):
            return self._learned(layer, x, path)
        if kind.startswith(("max_pool", "avg_pool")):
            return _pool(layer, x, rank)
        return _fixed(layer, x, rank)

    def _learned(self, layer: dict[str, Any], x: Any, path: str) -> Any:
        kind, rank = layer["type"], x.dim() - 2
        if kind == "layer_norm":
            return functional.layer_norm(x, layer["normalized_shape"])
        if kind == "linear":
            weight = self.weights.setdefault(path, torch.ones(layer["out_features"], x.shape[-1]))
            return functional.linear(x, weight)
        kernel = [layer["kernel_size"]] * rank
        transposed = kind.startswith("conv_transpose")
        channels = (x.shape[1], layer["out_channels"])
        ends = channels if transposed else channels[::-1]
        weight = self.weights.setdefault(path, torch.ones(*ends, *kernel))
        padding = layer.get("padding", 0)
        if isinstance(padding, list):
            flat = [cells for side in reversed(padding) for cells in side]
            x, padding = functional.pad(x, flat), 0
        fields = {"stride": layer.get("stride", 1), "dilation": layer.get("dilation", 1)}
        if transposed:
            fields["output_padding"] = layer.get("output_padding", 0)
        slide = getattr(functional, kind)
        return slide(x, weight, padding=padding, **fields)


def _merge(kind: str, tensors: list[Any]) -> Any:
    if kind == "concat":
        return torch.cat(tensors, 1)
    total = tensors[0]
    for other in tensors[1:]:
        total = total + other
    return total


def _resized(kind: str, x: Any, size: tuple[int, ...]) -> Any:
    if kind == "upsample":
        return functional.interpolate(x, size)
    for axis, cells in enumerate(size, 2):
        room = x.shape[axis] - cells
        if room < 0:
            raise RuntimeError(f"cannot crop {x.shape[axis]} to {cells}")
        x = x.narrow(axis, room // 2, cells)
    return x


def _pool(layer: dict[str, Any], x: Any, rank: int) -> Any:
    slide = getattr(functional, layer["type"])
    names = ("stride", "padding", "dilation", "ceil_mode")
    fields = {name: layer[name] for name in names if name in layer}
    kernel = layer["kernel_size"]
    return slide(x, [kernel] * rank if isinstance(kernel, int) else kernel, **fields)


def _fixed(layer: dict[str, Any], x: Any, rank: int) -> Any:
    """Layers without weights."""
    kind = layer["type"]
    if kind == "relu" or kind.startswith("batch_norm"):
        return x
    if "_pad" in kind:
        mode = {"reflection": "reflect", "replication": "replicate", "zero": "constant"}
        name = kind.partition("_")[0]
        return functional.pad(x, [layer["padding"]] * (2 * rank), mode.get(name, name))
    if kind.startswith("adaptive_avg_pool"):
        return getattr(functional, kind)(x, layer["output_size"])
    if kind not in _SHAPED:
        raise UnsupportedError(kind)
    return _SHAPED[kind](layer, x)


def _slice(layer: dict[str, Any], x: Any) -> Any:
    cut = [slice(None)] * x.dim()
    cut[layer["dim"]] = slice(layer.get("start"), layer.get("end"), layer.get("step"))
    return x[tuple(cut)]


_SHAPED: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    "upsample": lambda layer, x: functional.interpolate(
        x, layer.get("size"), layer.get("scale_factor")
    ),
    "center_crop": lambda layer, x: _resized("center_crop", x, (layer["size"],) * (x.dim() - 2)),
    "slice": _slice,
    "pixel_shuffle": lambda layer, x: functional.pixel_shuffle(x, layer["upscale_factor"]),
    "pixel_unshuffle": lambda layer, x: functional.pixel_unshuffle(x, layer["downscale_factor"]),
    "transpose": lambda layer, x: x.transpose(layer["dim0"], layer["dim1"]),
    "flatten": lambda _, x: x.flatten(1),
    "reshape": lambda layer, x: x.reshape(x.shape[0], *layer["shape"]),
}
