"""The guide's table of what every spec costs: parameters, MACs, memory and receptive field.

``python -m tests.documents`` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import shapecalc
from shapecalc.costs.memory import Memory
from shapecalc.layers.base import format_shape
from shapecalc.receptive import Field, fields, overall
from shapecalc.render._columns import format_bytes
from shapecalc.report import ModelReport

SPECS = Path(__file__).resolve().parents[1] / "specs"
GUIDE = SPECS / "README.md"

HEAD = (
    "| spec | input | parameters | MACs | peak memory | receptive field |\n"
    "| :-- | :-- | --: | --: | --: | --: |\n"
)
_TABLE = re.compile(re.escape(HEAD) + r"(?:\|[^\n]*\n)*")


def table() -> str:
    """The table, a row a model."""
    paths = [*sorted(SPECS.glob("*.yaml")), *sorted((SPECS / "zoo").glob("*.yaml"))]
    return HEAD + "".join(
        _row(path, model, len(models) > 1)
        for path in paths
        for models in [shapecalc.check(path).models]
        for model in models
    )


def written() -> str:
    """The table as the guide has it."""
    found = _TABLE.search(GUIDE.read_text(encoding="utf-8"))
    assert found, "the guide has no table of the specs"
    return found[0]


def refresh(text: str) -> str:
    """The guide with the table anew."""
    return _TABLE.sub(lambda _: table(), text)


def _row(path: Path, model: ModelReport, is_one_of_several: bool) -> str:
    place = path.relative_to(SPECS).as_posix()
    name = f"[{place.removesuffix('.yaml')}]({place})"
    name += f" {model.name}" if is_one_of_several else ""
    shapes = ", ".join(format_shape(node.outputs[0].shape) for node in model.graph.inputs.values())
    memory = Memory(model.graph).total
    params, macs = model.total("params"), model.total("macs")
    assert all((params.complete, macs.complete, memory.complete)), place
    figures = f"{params.value:,} | {macs.value:,} | {format_bytes(memory.value)}"
    return f"| {name} | {shapes} | {figures} | {_fields(model)} |\n"


def _fields(model: ModelReport) -> str:
    """The largest field before a layer sees all, and the outputs' (``all``: they do)."""
    found = fields(model.graph)
    moving = [
        field.size
        for node in model.graph.nodes
        for field in found.of(node)
        if None not in (*field.size, *field.centre, *field.jump) and field.size
    ]
    largest = max(moving, key=lambda sizes: sizes[::-1], default=())
    outputs = overall(model.graph)
    if outputs and all(_sees_all(model, field) for field in outputs):
        return f"{_size(largest)}, then all" if largest else "all"
    return ", ".join(_size(field.size) for field in outputs)


def _sees_all(model: ModelReport, field: Field) -> bool:
    sizes = tuple(fields(model.graph).size(field.input, axis) for axis in field.axes)
    return field.size == sizes and None in (*field.jump, *field.centre)


def _size(sizes: tuple[int | None, ...]) -> str:
    texts = ["?" if size is None else f"{size:,}" for size in sizes]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)
