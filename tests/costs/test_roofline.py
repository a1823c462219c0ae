"""Bounds of the time: what is moved, what is multiplied, and which is slower."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapecalc.costs.devices import SHIPPED, Device, DeviceError, find_device
from shapecalc.costs.figures import Costs
from shapecalc.costs.memory import Memory
from shapecalc.costs.roofline import Roofline, Traffic
from shapecalc.costs.setting import Setting
from tests.rules.graphs import graphs, stack

#: A multiply-accumulate a second and a byte a second.
SLOW = Device("slow", 10**6, 1.0, {"float32": 1.0})


def costs(text: str, batch: int = 1, device: Device = SLOW) -> Costs:
    (graph,) = graphs(text)
    return Costs(graph, Setting(batch, device=device))


@pytest.mark.parametrize(
    ("layer", "moved"),
    [
        # 6 numbers in, 10 out, 60 weights and 10 biases.
        ("{type: linear, out_features: 10}", 4 * (6 + 10 + 60 + 10)),
        ("relu", 4 * 12),
        ("{type: relu, inplace: true}", 4 * 12),
        ("{type: add, from: [input, input]}", 4 * 12),
        ("{type: concat, from: [input, input]}", 4 * 18),
        ("{type: reshape, shape: [2, 3]}", 0),
        ("identity", 0),
        ("{type: dropout, p: 0.5}", 0),
    ],
)
def test_what_a_layer_moves(layer: str, moved: int) -> None:
    (graph,) = graphs(stack(layer, shape="[6]"))
    assert Traffic(Memory(graph)).of(graph.nodes[0]) == moved


def test_a_lookup_reads_only_the_rows_asked_for() -> None:
    (graph,) = graphs("""
        input: {shape: [5], dtype: int64}
        layers: [{type: embedding, num_embeddings: 1000, embedding_dim: 8}]
    """)
    assert Traffic(Memory(graph)).of(graph.nodes[0]) == 5 * 8 + 4 * 40


def test_the_slower_of_both_decides() -> None:
    text = stack("{type: linear, out_features: 10, bias: false}", "relu", shape="[6]")
    found = costs(text, batch=100).roofline
    assert found is not None
    dense, relu = found.bounds
    assert dense is not None
    assert relu is not None
    # 100 samples of 16 numbers and once the 60 weights, 4 bytes each; 100 times 60 MACs.
    assert (dense.moving, dense.multiplying) == (4 * (1600 + 60), 6000)
    assert (dense.by_memory, relu.by_memory) == (True, True)
    assert found.seconds == 4 * 1660 + 4 * 2000
    fast = costs(text, batch=100, device=Device("fast", 1, 2.0, {"float32": 1.0})).roofline
    assert fast is not None
    assert fast.memory_bound == 0 + 1
    assert fast.seconds == 6000 + 4 * 2000 / 2


def test_a_dtype_that_the_device_has_not() -> None:
    (graph,) = graphs(stack("relu"))
    found = Roofline(Memory(graph, Setting(dtype="int8")), SLOW)
    assert (found.rate, found.complete) == (None, False)


def test_the_devices_shipped_have_all_figures_and_a_source() -> None:
    import tomllib

    devices = tomllib.loads(SHIPPED.read_text("utf-8"))
    assert len(devices) >= 5
    for name, table in devices.items():
        device = find_device(name)
        assert table["source"]
        assert device.memory >= 10**9
        # Lower precision is not slower.
        assert list(device.macs.values()) == sorted(device.macs.values())


def test_devices_of_the_user(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[a]\nmemory = 1e9\nbandwidth = 2e9\nmacs = {float32 = 3e9}\n", "utf-8")
    device = find_device(str(file))
    assert (device.memory, device.bandwidth, device.macs) == (10**9, 2e9, {"float32": 3e9})
    assert find_device(f"{file}:a") == device
    for wrong in (f"{file}:b", "h200", str(tmp_path / "none.toml")):
        with pytest.raises(DeviceError):
            find_device(wrong)
    for text in ("[a]\nmemory = 1\n", "[a]\nmemory = 1\nbandwidth = -1\nmacs = {x = 1}\n", "a = 1",
                 "[a", "[a]\nmemory = true\nbandwidth = 1\nmacs = {x = 1}\n"):  # fmt: skip
        file.write_text(text, "utf-8")
        with pytest.raises(DeviceError):
            find_device(str(file))
