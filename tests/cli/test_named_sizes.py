"""Specs with ``dims`` on the command line: expressions wherever a size or a cost is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import shapecalc
from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.reasoning import dims
from shapecalc.reasoning.dims import follows
from shapecalc.report import Report
from shapecalc.spec.source import Source
from tests.checking import codes, findings
from tests.cli.conftest import Run
from tests.reasoning.test_dims import ALL, at, models_of, with_names
from tests.render.test_json import VALIDATOR

SPEC = str(Path(__file__).parents[2] / "specs" / "named" / "unet_padded.yaml")
TEXT = """
dims: [H, W]
input: [3, H, W]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  - {type: max_pool2d, kernel_size: 2, expect: [8, H/2, W/2]}
"""


@pytest.fixture
def named(tmp_path: Path) -> str:
    file = tmp_path / "named.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return str(file)


def test_the_table(run: Run) -> None:
    out = run("check", SPEC, "--depth", "1", "--columns", "+macs,macs_share").out
    assert "256×H/4×W/4" in out
    assert "10,080·H·W     5.5%" in out
    assert "params 7,763,041  MACs 184,192·H·W  output 1×H×W" in out
    assert "valid  H, W ≡ 0 (mod 16), ≥ 16" in out
    assert "≡ 0 (mod 2), ≥ 2: concat at line 45 (joins 2·⌊H/2⌋ and H)" in out


def test_numbers_for_names(run: Run, named: str) -> None:
    assert "output 8×32×50" in run("check", named, "--input", "3x64x100").out
    assert "output 8×32×W/2" in run("check", named, "--set", "H=64").out
    assert "output 8×32×50" in run("check", named, "--set", "H=64", "--set", "W=100").out
    failed = run("check", named, "--input", "3x65x100")
    assert failed.code == 1
    assert "not 32.5" in failed.out
    refused = run("check", named, "--set", "H=tall")
    assert refused.code == 2
    assert "H is one of `dims`: a whole number above 0, not 'tall'" in refused.err


def test_a_shape_with_two_values_for_a_name(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "square.yaml"
    file.write_text("dims: [S]\ninput: [3, S, S]\nlayers: [relu]", encoding="utf-8")
    out = run("check", str(file), "--input", "3x64x60").out
    assert "the shape given has 60 where `S` is 64" in out


def test_costs_in_bytes_need_numbers(run: Run, named: str) -> None:
    assert "need numbers: --input" in run("check", named, "--batch", "2").out
    assert "least time" in run("check", named, "--device", "a100", "--input", "3x64x64").out


@pytest.mark.parametrize(
    "command",
    [("plot",), ("mirror",), ("solve", "--layer", "layers[0]", "--output", "9")],
    ids=lambda command: command[0],
)
def test_commands_that_need_numbers(run: Run, named: str, command: tuple[str, ...]) -> None:
    done = run(command[0], named, *command[1:])
    assert "has sizes with names (H, W), numbers are needed" in done.err
    assert not done.out


def test_sizes_and_sweep(run: Run, named: str) -> None:
    out = run("sizes", named, "--near", "41").out
    assert "valid near 41     40, 42" in out
    assert "(here" not in out
    answer = json.loads(run("sizes", named, "--format", "json").out)
    assert [axis["own"] for axis in answer["axes"]] == [None, None]
    out = run("sweep", named, "--set", "H=64,65", "--set", "W=64").out
    assert "8×32×32" in out


def test_diff(run: Run, named: str, tmp_path: Path) -> None:
    wider = tmp_path / "wider.yaml"
    wider.write_text(TEXT.replace("channels: 8", "channels: 12").replace("[8", "[12"), "utf-8")
    out = run("diff", named, str(wider)).out
    assert "216·H·W → 324·H·W" in out
    assert "+108·H·W (+50.00%)" in out
    assert "unchanged" in run("diff", named, named).out
    assert run("diff", named, str(wider), "--fail-if", "macs+40%").code == 1
    assert run("diff", named, str(wider), "--fail-if", "macs+60%").code == 0
    assert "cannot be judged" in run("diff", named, str(wider), "--fail-if", "macs+1M").err


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_reports_of_published_networks(path: Path) -> None:
    """The JSON keeps its contract, and costs are those of a check with numbers."""
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        text = with_names(document) if document and "layers" in document else None
        if text is None:
            continue
        report = Report((check_source(Source("named.yaml", text)),))
        VALIDATOR.validate(json.loads(render.render(report, "json")))
        (model,) = report.models
        domain = model.graph.domain
        if domain is None or domain.sizes is None:
            continue
        values = domain.followed[-1].values
        numbers = at(models_of(text)[0], values).graph
        total = sum(node.inference.macs or 0 for node in numbers.nodes if node.inference)
        assert model.total("macs").complete
        assert follows(model.total("macs").value, total, values)


@pytest.mark.parametrize("name", ["unet", "resnet50", "gpt2", "densenet121", "lstm_tagger"])
def test_nothing_shows_the_sample(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No format of layers, and no column, has a number that was only tried."""
    (path,) = (path for path in ALL if path.stem == name)
    text = with_names(yaml.safe_load(path.read_text("utf-8")))
    assert text is not None
    told = []
    options = render.Options(unfold=True, width=400, columns=COLUMNS)
    for candidates in (dims.CANDIDATES, (448, 1024, 332, 64)):
        monkeypatch.setattr(dims, "CANDIDATES", candidates)
        report = Report((check_source(Source("named.yaml", text)),))
        (model,) = report.models
        of_layers = [render.render(report, one, options) for one in ("table", "csv", "latex")]
        told.append([*of_layers, json.dumps([model.heading(), model.to_dict()["layers"]])])
    assert told[0] == told[1]


COLUMNS = ("input", "output", "params", "macs", "macs_share", "element_ops", "memory", "field",
           "jump", "start", "centre", "exact")  # fmt: skip


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        ("[H, H]", "SC005", "the name 'H' is given twice"),
        ("[H, input]", "SC002", "'input' is reserved"),
        ("[H, in_height]", "SC002", "'in_height' is reserved"),
        ("[H, 2x]", "SC002", "'2x' is not a name: use letters, digits and _"),
        ("[H, width]", "SC005", "'width' is a value of `vars` as well"),
        ("[H, Q]", "SC309", "nothing reads the size `Q`"),
        ("[a, b, c, d, e, f, g, i, H]", "SC002", "at most 8 sizes may have names, these are 9"),
        ("H", "SC002", "`dims` must be a list of words, not the word 'H'"),
    ],
)
def test_names(names: str, code: str, message: str) -> None:
    text = f"dims: {names}\nvars: {{width: 4}}\ninput: [width, H]\nlayers: [relu]"
    assert (code, message) in [(one.code, one.message) for one in findings(text)]


@pytest.mark.parametrize(("names", "listed"), [("{H: 8, W: 8}", '["H", "W"]'), ("H", '["H"]')])
def test_names_that_are_no_list(names: str, listed: str) -> None:
    found = findings(f"dims: {names}\ninput: [3, H, H]\nlayers: [relu]")
    assert [(one.code, one.help) for one in found] == [("SC002", f"write a list: {listed}")]


def test_a_size_without_a_name() -> None:
    (found,) = findings("input: [3, H]\nlayers: [relu]")
    assert found.help == "write a number, or give the size a name: dims: [H]"


def test_rules_say_what_holds_at_every_size() -> None:
    text = "dims: [T]\ninput: [4, T]\n"
    text += "layers: [{type: conv1d, out_channels: 2, kernel_size: 3, stride: 2}"
    assert codes(f"{text}]") == []
    (found,) = findings(f"{text}, batch_norm1d]")
    assert found.code == "SC301"
    assert codes(f"budget: {{macs: 1k}}\n{text}]") == []
    (found,) = findings(f"budget: {{macs: 1, params: 1k}}\n{text}]")
    assert found.message == "macs are 2,664, 2,663 (266,300 %) over the budget of 1 (at T = 223)"


def test_exact_is_said_where_it_does_not_depend_on_the_size() -> None:
    text = "dims: [T]\ninput: [4, T]\nlayers: [{type: max_pool1d, kernel_size: 2}, relu]"
    (model,) = Report((check_source(Source("named.yaml", text)),)).models
    assert [layer.exact for layer in model.layers] == [None, True]


def test_a_model_may_be_too_large_for_names() -> None:
    text = "dims: [T]\ninput: [4, T]\nlayers: [{type: relu, repeat: 20000}]"
    (found,) = (one for one in findings(text) if one.code == "SC007")
    assert "sizes with names and more than 5,000 layers once unrolled" in found.message
    assert found.help == "give numbers for its `dims`: --input 3x224x224"


def test_python(named: str) -> None:
    (model,) = shapecalc.check(named).models
    (output,) = model.outputs.values()
    assert output is not None
    assert [str(size) for size in output] == ["8", "H/2", "W/2"]
    with pytest.raises(ValueError, match="sizes with names"):
        _ = model.costs
    (model,) = shapecalc.check(named, set={"H": 64, "W": 96}).models
    assert list(model.outputs.values()) == [(8, 32, 48)]


def test_an_expect_of_a_pad() -> None:
    """What is tried instead of its padding is no number."""
    text = "{type: pad, padding: [1, 2], expect: [_, SIZE]}"
    assert codes(f"input: [4, 10]\nlayers: [{text.replace('SIZE', '5')}]") == ["SC108"]
    text = text.replace("SIZE", "T // 2")
    assert codes(f"dims: [T]\ninput: [4, T]\nlayers: [{text}]") == ["SC108"]
