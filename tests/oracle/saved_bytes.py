"""What eager PyTorch keeps for the backward pass of the networks of specs/, against our figures.

``python -m tests.oracle.saved_bytes`` writes the table of ``specs/memory.md`` anew.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

import shapecalc
from shapecalc.costs.memory import Memory
from shapecalc.costs.setting import Setting
from shapecalc.graph import Graph

HERE = Path(__file__).resolve().parent
SPECS = HERE.parents[1] / "specs"
PAGE = SPECS / "memory.md"
START, END = "<!-- saved bytes: begin -->\n", "<!-- saved bytes: end -->\n"

BATCH = 2
#: Smaller inputs where the usual ones take PyTorch seconds; figures are compared at these.
SMALLER: dict[str, tuple[int, ...]] = {
    "espcn": (1, 32, 32),
    "fcn": (3, 64, 64),
    "unet": (1, 188, 188),
    "unet_padded": (3, 64, 64),
    "unet3d": (3, 92, 92, 92),
    "vgg16": (3, 64, 64),
}


class Row(NamedTuple):
    """One network: what is kept by our figures and by PyTorch, and what is known to differ."""

    spec: str
    model: str
    shapes: tuple[tuple[int, ...], ...]
    parameters: tuple[int, int]
    buffers: tuple[int, int]
    ours: int
    torch: int
    #: What dropout on a CPU keeps beyond a byte for each element.
    masks: int

    @property
    def deviation(self) -> int:
        """The difference that is not the masks'."""
        return self.ours + self.masks - self.torch


def graphs(stem: str) -> list[tuple[str, Graph]]:
    """The models of a spec by name, at the size that is compared."""
    inputs = {"": SMALLER[stem]} if stem in SMALLER else None
    report = shapecalc.check(SPECS / f"{stem}.yaml", inputs=inputs)
    return [(model.name, model.graph) for model in report.models]


def kept_bytes(module: nn.Module, inputs: list[torch.Tensor]) -> int:
    """The bytes of all storages that autograd saves, each once; not parameters and buffers."""
    held = {tensor.untyped_storage()._cdata for tensor in (*module.parameters(), *module.buffers())}
    kept: dict[int, tuple[int, torch.Tensor]] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in held:
            # The tensor is kept, so that no other storage takes its place.
            kept.setdefault(storage._cdata, (storage.nbytes(), tensor))
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        output = module(*inputs)
    total = sum(size for size, _ in kept.values())
    del output
    return total


def mask_bytes(graph: Graph) -> int:
    """What a CPU keeps of dropout's masks: a float for each element, where we count a byte."""
    width = torch.float32.itemsize
    cells = 0
    for node in graph.nodes:
        if node.type == "dropout" and getattr(node.layer, "p", None):
            output = node.outputs[0].shape or ()
            cells += int(torch.Size([size or 0 for size in output]).numel())
    return (width - 1) * BATCH * cells


def measure(stem: str, load: Callable[[str], Any]) -> Iterator[Row]:
    """The networks of one spec."""
    twins = load(stem)
    for name, graph in graphs(stem):
        module, _ = twins[name]()
        module.train()
        tensors = [node.outputs[0] for node in graph.inputs.values()]
        shapes = tuple(tuple(size or 0 for size in tensor.shape or ()) for tensor in tensors)
        inputs = [
            torch.zeros(BATCH, *shape, dtype=getattr(torch, tensor.dtype))
            for shape, tensor in zip(shapes, tensors, strict=True)
        ]
        memory = Memory(graph, Setting(BATCH, optimizer="adam"))
        assert memory.complete, name
        yield Row(
            stem,
            name,
            shapes,
            (memory.parameters.value, sum(one.nbytes for one in module.parameters())),
            (memory.buffers.value, sum(one.nbytes for one in module.buffers())),
            memory.kept.value,
            kept_bytes(module, inputs),
            mask_bytes(graph),
        )


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| network | input | parameters | kept, shapecalc | kept, PyTorch | masks | deviation |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        shape = " and ".join("×".join(map(str, shape)) for shape in row.shapes)
        deviation = f"{row.deviation / row.torch:+.2%}" if row.deviation else "0"
        lines.append(
            f"| {row.model} | {shape} | {row.parameters[0]:,} | {row.ours:,} | {row.torch:,} "
            f"| {row.masks:,} | {deviation} |"
        )
    return "\n".join(lines) + "\n"


def load_twins(stem: str) -> Any:
    """The networks written by hand."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    return importlib.import_module(f"networks.{stem}").MODELS


def stems() -> list[str]:
    """The specs that have such networks."""
    others = ("__init__", "modules")
    twins = {path.stem for path in (HERE / "networks").glob("*.py")}.difference(others)
    return sorted(path.stem for path in SPECS.glob("*.yaml") if path.stem in twins)


def main() -> None:
    """Write the table anew."""
    torch.set_num_threads(1)
    rows = [row for stem in stems() for row in measure(stem, load_twins)]
    text = PAGE.read_text("utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    PAGE.write_text(before + table(rows) + after, "utf-8")


if __name__ == "__main__":
    main()
