"""What specs of one run share (layers that were read, and results) never shows."""

from __future__ import annotations

import gc
from pathlib import Path
from weakref import ref

import pytest

from shapecalc import checker
from shapecalc.checker import check_source
from shapecalc.render import formats, render
from shapecalc.report import Report
from shapecalc.spec.build import build_models
from shapecalc.spec.known import Known
from shapecalc.spec.source import Document, Source, decode, parse
from shapecalc.walk import Memory

SPECS = Path(__file__).resolve().parents[1] / "specs"
FILES = sorted(SPECS.rglob("*.yaml"))

#: The same words mean something else where a value, a parameter or a block is called so.
OTHERWISE = [
    "input: [3, 8, 8]\nlayers: [relu, {type: conv2d, out_channels: 4, kernel_size: 3,"
    " padding: same}]\n",
    "input: [3, 8, 8]\nvars: {relu: 2, same: 1}\nlayers: [relu, {type: conv2d, out_channels: 4,"
    " kernel_size: 3, padding: same}]\n",
    "input: [3, 8, 8]\nvars: {relu: sigmoid}\nlayers: [relu, {type: conv2d, out_channels: 4,"
    " kernel_size: 3, padding: same}]\n",
    "input: [3, 8, 8]\nblocks: {relu: {layers: [sigmoid, tanh]}}\nlayers: [relu, {type: conv2d,"
    " out_channels: 4, kernel_size: 3, padding: same}]\n",
    "input: [8, 8, 3]\nframework: keras\nlayers: [relu, {type: conv2d, filters: 4,"
    " kernel_size: 3, padding: same}]\n",
    "input: [3, 8, 8]\nrounding: ceil\nlayers: [relu, {type: conv2d, out_channels: 4,"
    " kernel_size: 3, stride: 2}]\n",
    "input: [3, 8, 8]\nlayers: [relu, {type: conv2d, out_channels: 4, kernel_size: 3,"
    " stride: 2}]\n",
    "input: [3, 8, 8]\nblocks: {b: {params: {relu: tanh}, layers: [relu]}}\n"
    "layers: [relu, b, {type: b, relu: gelu}]\n",
]


def said(source: Source) -> object:
    return Report((check_source(source),)).to_dict()


def alone(source: Source, monkeypatch: pytest.MonkeyPatch) -> object:
    """What is said where nothing was read before."""
    with monkeypatch.context() as patch:
        patch.setattr(checker, "_MEMORY", Memory())
        return said(source)


def test_a_spec_is_read_alike_after_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [Source(str(path), decode(path.read_bytes())) for path in FILES]
    sources += [Source(f"{number}.yaml", text) for number, text in enumerate(OTHERWISE)]
    first = {source.file: alone(source, monkeypatch) for source in sources}
    monkeypatch.setattr(checker, "_MEMORY", Memory())
    for source in reversed(sources):
        assert said(source) == first[source.file]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    monkeypatch.setattr(checker, "_MEMORY", memory)
    monkeypatch.setattr("shapecalc.walk.memory.MOST", 100)
    for number in range(1, 60):
        layers = f"[{{type: conv2d, out_channels: {number}, kernel_size: 3}}, relu]"
        check_source(Source("a.yaml", f"input: [3, 9, 9]\nlayers: {layers}\n"))
        assert len(memory.known) <= 104


def test_a_layer_that_is_no_name_is_read_once() -> None:
    known = Known()
    text = "input: [3, 9, 9]\nlayers: [relu, {type: relu, name: a}, relu]\n"
    build_models(*_parsed(text), known)
    assert len(known.read) == 2
    build_models(*_parsed(f"vars: {{relu: 1}}\n{text}"), other := Known())
    assert not other.read


def _parsed(text: str) -> tuple[Source, list[Document]]:
    source = Source("a.yaml", text)
    return source, parse(source)[0]


@pytest.mark.parametrize("format", formats())
def test_nothing_of_a_report_is_kept(format: str) -> None:
    file = check_source(Source("model.yaml", (SPECS / "unet.yaml").read_text("utf-8")))
    render(Report((file,)), format)
    graph = ref(file.models[0].graph)
    assert graph() is not None
    del file
    gc.collect()
    assert graph() is None
