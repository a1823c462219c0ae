"""The specs of specs/ against the same networks written by hand in eager PyTorch."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

import shapecalc

if TYPE_CHECKING:
    from torch import nn

required = os.environ.get("SHAPECALC_REQUIRE_TORCH") == "1"
torch: Any = importlib.import_module("torch") if required else pytest.importorskip("torch")

pytestmark = pytest.mark.oracle

HERE = Path(__file__).resolve().parent
TWINS = HERE / "networks"
SPECS = sorted((HERE.parents[1] / "specs").glob("*.yaml"))
WITHOUT_TWIN: frozenset[str] = frozenset({"keras_cnn", "resnet50_keras"})  # test_keras_networks.py

Shape = tuple[int, ...]
Models = dict[str, Callable[[], tuple["nn.Module", tuple[Shape, ...]]]]


class Leaf(NamedTuple):
    type: str
    output: Shape | None  # None: the spec's checker could not tell
    weights: dict[str, Shape]


def snake_case(name: str) -> str:
    """`torch.nn` class names as the spec language writes them: BatchNorm2d, LeakyReLU, SiLU."""
    name = re.sub(r"[A-Z]?ReLU|SiLU", lambda found: found[0].capitalize(), name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def leaves(module: nn.Module) -> Iterator[nn.Module]:
    """The modules that do the work: torch.nn's composites (attention) whole, containers opened."""
    containers = (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)
    children = list(module.children())
    composite = type(module).__module__.startswith("torch.nn.")
    if isinstance(module, containers) or (children and not composite):
        for child in children:
            yield from leaves(child)
    else:
        yield module


def first_shape(output: Any) -> Shape:
    while isinstance(output, tuple):
        output = output[0]
    return tuple(output.shape[1:])


def run(module: nn.Module, inputs: Iterable[Any]) -> list[Leaf]:
    """Every call of a leaf module, in order."""
    calls: list[Leaf] = []

    def record(leaf: nn.Module, _: Any, output: Any) -> None:
        weights = {name: tuple(value.shape) for name, value in leaf.named_parameters()}
        calls.append(Leaf(snake_case(type(leaf).__name__), first_shape(output), weights))

    for leaf in set(leaves(module)):
        leaf.register_forward_hook(record)
    module.eval()
    with torch.no_grad():
        module(*inputs)
    return calls


def dtypes(document: dict[str, Any]) -> list[Any]:
    """The data type of each input; the language's default is a float."""
    values = list(document["inputs"].values()) if "inputs" in document else [document["input"]]
    names = [
        value.get("dtype", "float32") if isinstance(value, dict) else "float32" for value in values
    ]
    return [getattr(torch, name) for name in names]


def described(row: dict[str, Any]) -> Leaf:
    output = row["output_shapes"][0]
    weights = {name: tuple(shape) for name, shape in row["weights"].items()}
    return Leaf(row["type"], None if output is None else tuple(output), weights)


def first_difference(rows: list[dict[str, Any]], calls: list[Leaf]) -> str | None:
    for position, (row, call) in enumerate(zip(rows, calls, strict=False)):
        spec = described(row)
        if spec != call:
            where = (
                f"layer {position} ({row['path']}, line {row['line']}, {row['name'] or 'unnamed'})"
            )
            return f"{where}\n  spec:  {spec}\n  torch: {call}"
    if len(rows) != len(calls):
        position = min(len(rows), len(calls))
        spec_rest = [described(row).type for row in rows[position : position + 3]]
        torch_rest = [call.type for call in calls[position : position + 3]]
        return (
            f"{len(rows)} layers in the spec, {len(calls)} in torch;"
            f" after {position} equal ones: {spec_rest} against {torch_rest}"
        )
    return None


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Models]:
    monkeypatch.syspath_prepend(str(HERE))

    def load(stem: str) -> Models:
        models: Models = importlib.import_module(f"networks.{stem}").MODELS
        return models

    return load


def test_every_spec_has_a_twin() -> None:
    stems = {path.stem for path in SPECS}
    assert stems, "no specs found"
    twins = {path.stem for path in TWINS.glob("*.py")} - {"__init__", "modules"}
    assert stems - WITHOUT_TWIN == twins


@pytest.mark.parametrize(
    "path", [path for path in SPECS if path.stem not in WITHOUT_TWIN], ids=lambda path: path.stem
)
def test_network(path: Path, twin: Callable[[str], Models]) -> None:
    report = shapecalc.check(path).to_dict()
    models = {model["name"]: model for model in report["models"]}
    documents = {
        document["name"]: document
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if "layers" in document
    }
    twins = twin(path.stem)
    assert list(models) == list(documents) == list(twins)

    diagnostics = [*report["diagnostics"], *(d for m in models.values() for d in m["diagnostics"])]
    findings = [
        f"{found['line']}: {found['severity']}[{found['code']}] {found['message']}"
        for found in diagnostics
        # Architecture lints are about the network, which is as published: see tests/rules.
        if found["severity"] in ("error", "warning") and found["code"] < "SC3"
    ]
    assert not findings, "\n".join(findings)

    for name, model in models.items():
        module, shapes = twins[name]()
        inputs = [
            torch.zeros(1, *shape, dtype=dtype)
            for shape, dtype in zip(shapes, dtypes(documents[name]), strict=True)
        ]
        difference = first_difference(model["layers"], run(module, inputs))
        if difference is not None:
            pytest.fail(f"{name}: {difference}", pytrace=False)
        parameters = list(module.parameters())
        trainable = sum(value.numel() for value in parameters if value.requires_grad)
        assert model["totals"]["params"] == sum(value.numel() for value in parameters), name
        assert model["totals"]["trainable_params"] == trainable, name
