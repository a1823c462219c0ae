"""Sweeps: every variant is what `check` says of it, whoever does the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.variants import SweepError, Variant, count

SPECS = Path(__file__).parent.parent / "specs"
NET = {
    "name": "net",
    "input": [3, 32, 32],
    "vars": {"width": 8, "kernel": 3, "depth": 2},
    "blocks": {
        "unit": {
            "params": {"c": None},
            "layers": [
                {"type": "conv2d", "out_channels": "c", "kernel_size": "kernel", "bias": False},
                "batch_norm2d",
                "relu",
            ],
        }
    },
    "layers": [
        {"type": "unit", "c": "width", "repeat": "depth"},
        {"type": "max_pool2d", "kernel_size": 2},
        {"type": "unit", "c": "width * 2"},
        {"type": "adaptive_avg_pool2d", "output_size": 1},
        "flatten",
        {"type": "linear", "out_features": 10},
    ],
    "budget": {"params": "20K"},
}
WIDE = {"width": [4, 8, 32], "kernel": [1, 3, 9], "depth": [0, 1, 4]}


def test_every_variant_is_what_check_says() -> None:
    found = list(shapecalc.sweep(NET, WIDE))
    assert len(found) == count(WIDE) == 27
    for variant, values in zip(found, product(*WIDE.values()), strict=True):
        assert variant.values == dict(zip(WIDE, values, strict=True))
        report = shapecalc.check(NET, set=variant.values)
        model = report.models[0]
        assert variant.ok == report.ok
        assert variant.errors == sum(found.severity == "error" for found in model.diagnostics)
        totals = model.heading()["totals"]
        if totals["complete"]:
            assert (variant.params, variant.macs) == (totals["params"], totals["macs"])
        else:
            assert variant.macs is None
        assert variant.layers == totals["layers"]
    assert {variant.ok for variant in found} == {True, False}
    assert any("SC401" in variant.error for variant in found)
    assert any("SC102" in variant.error for variant in found)


@pytest.mark.parametrize("name", ["dcgan", "resnet50", "densenet121", "lstm_tagger"])
def test_the_own_values_of_a_spec_give_its_own_figures(name: str) -> None:
    path = SPECS / f"{name}.yaml"
    report = shapecalc.check(path)
    variables = {
        key: [value.evaluate({})]
        for model in report.models
        for key, value in model.spec.vars.items()
        if value.constant
    }
    found = list(shapecalc.sweep(path, variables))
    assert [one.model for one in found] == [model.name for model in report.models]
    for variant, model in zip(found, report.models, strict=True):
        assert variant.ok
        assert variant.params == model.total("params").value
        assert variant.output.count("×") == len(next(iter(model.outputs.values())) or ()) - 1


def test_a_run_can_begin_anywhere() -> None:
    whole = list(shapecalc.sweep(NET, WIDE))
    for start in (0, 1, 13, 26, 27):
        assert list(shapecalc.sweep(NET, WIDE, start=start)) == whole[start:]


def test_rows_are_flat_and_plain() -> None:
    rows = [variant.to_dict() for variant in shapecalc.sweep(NET, {"width": [4, 1000]})]
    names = list(rows[0])
    assert names[:3] == ["width", "model", "ok"]
    for row in rows:
        assert list(row) == names
        assert all(isinstance(value, (int, str, float, bool)) for value in row.values())


@pytest.mark.parametrize(
    ("variables", "message", "help"),
    [
        ({"widht": [1]}, "no value 'widht'", "did you mean width?"),
        ({"zzz": [1]}, "no value 'zzz'", "it has width, kernel, depth"),
        ({"width": []}, "no values for width", ""),
    ],
)
def test_what_cannot_be_swept(variables: dict[str, list[int]], message: str, help: str) -> None:
    with pytest.raises(SweepError, match=message) as error:
        shapecalc.sweep(NET, variables)
    assert error.value.help == help


def test_it_is_read_when_asked_for_and_run_when_iterated() -> None:
    with pytest.raises(shapecalc.UnreadableError):
        shapecalc.sweep("nowhere.yaml", {"width": [1]})
    endless = shapecalc.sweep(NET, {"width": range(1, 2**40)})
    assert next(endless).values == {"width": 1}


def test_a_value_called_like_a_figure_hides_it() -> None:
    spec = {**NET, "vars": {**NET["vars"], "layers": 1}}  # type: ignore[dict-item]
    row = next(shapecalc.sweep(spec, {"layers": [7]})).to_dict()
    assert row["layers"] == 7
    assert list(row).count("layers") == 1


@contextmanager
def dask() -> Any:
    distributed: Any = import_module("distributed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor()


EXECUTORS: dict[str, Callable[[], AbstractContextManager[Executor]]] = {
    "threads": lambda: ThreadPoolExecutor(2),
    "processes": lambda: ProcessPoolExecutor(2),
    "dask": dask,
}


@pytest.mark.parametrize("name", EXECUTORS)
def test_any_executor_gives_the_same(name: str) -> None:
    if name == "dask" and find_spec("distributed") is None:
        assert not os.environ.get("SHAPECALC_REQUIRE_DASK"), "CI installs dask's distributed"
        pytest.skip("dask's distributed is not installed")
    wide = {"width": range(1, 120), "depth": [1, 2]}
    with EXECUTORS[name]() as executor:
        found = list(shapecalc.sweep(NET, wide, executor=executor))
    assert found == list(shapecalc.sweep(NET, wide))


def test_an_executor_is_not_flooded() -> None:
    """A sweep of a million combinations must not be handed over at once."""
    with ThreadPoolExecutor(1) as pool:
        handed: list[int] = []

        class Counting(Executor):
            def submit(self, *args: Any, **kwargs: Any) -> Any:
                handed.append(1)
                return pool.submit(*args, **kwargs)

        rows = shapecalc.sweep(NET, {"width": range(1, 10**6)}, executor=Counting())
        first = next(rows)
        rows.close()  # type: ignore[attr-defined]
    assert isinstance(first, Variant)
    assert len(handed) < 20
