"""The columns of the table: which there are, how they are sorted, and what is never cut."""

from __future__ import annotations

import csv
import io
import re

import pytest

import shapecalc
from shapecalc import render
from shapecalc.render._columns import COLUMNS, ColumnError, bar, format_bytes, read_names
from shapecalc.report import Report
from tests import gallery

SPECS = gallery.FOLDER.parent
#: The columns that are sums over the layers.
SUMS = [column for column in COLUMNS if column.summed]


@pytest.fixture(scope="module")
def resnet() -> Report:
    return shapecalc.check(SPECS / "resnet50.yaml")


@pytest.fixture(scope="module")
def vit() -> Report:
    return shapecalc.check(SPECS / "vit_b_16.yaml")


def lines(report: Report, **options: object) -> list[str]:
    """The rows of the only table."""
    text = render.render(report, "table", render.Options(**options))  # type: ignore[arg-type]
    return [line.rstrip() for line in text.split("params ")[0].splitlines()[3:] if line]


def records(report: Report, **options: object) -> list[dict[str, str]]:
    text = render.render(report, "csv", render.Options(**options))  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(text), strict=True))


@pytest.mark.parametrize("format", ["table", "markdown", "latex", "csv"])
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_in_every_format(format: str, column: object, vit: Report) -> None:
    assert isinstance(column, type(COLUMNS[0]))
    text = render.render(vit, format, render.Options(columns=(column.name,)))
    title = column.key or column.name if format == "csv" else column.title
    assert title in text or format == "latex"
    assert len(text.splitlines()) > 20
    if format == "latex":
        assert all(line.count("&") == 1 for line in text.splitlines() if line.endswith(r"\\"))


def test_csv_holds_what_json_does(resnet: Report) -> None:
    names = tuple(column.name for column in COLUMNS)
    rows = records(resnet, columns=names)
    layers = resnet.to_dict()["models"][0]["layers"]
    for column in COLUMNS:
        key = column.key or column.name
        if key in layers[0] and not key.endswith("shapes"):
            shown = [str(layer[key]).lower() for layer in layers]
            assert [row[key] for row in rows] == shown, key
    for share in ("params_share", "macs_share"):
        assert sum(float(row[share]) for row in rows) == pytest.approx(1)


@pytest.mark.parametrize("name", ["params", "macs", "memory", "macs_share"])
def test_sorted(name: str, resnet: Report) -> None:
    rows = records(resnet, columns=(name,), sort=name)
    values = [float(row[name]) for row in rows]
    assert values == sorted(values, reverse=True)
    assert records(resnet, columns=(name,), sort=name, top=7) == rows[:7]


def test_top_rows_name_their_place_and_how_often_they_run(resnet: Report) -> None:
    *rows, rest = lines(resnet, sort="macs", top=4, width=120)
    assert [re.sub(r" +", " ", row) for row in rows[:3]] == [
        "conv2d stem 64×112.5→112×112.5→112 9,408 118,013,952 ·",
        "conv2d stage1 › bottleneck 64×56×56 36,864 115,605,504 ·",
        "conv2d ×2 stage1 › bottleneck 64×56×56 36,864 115,605,504 ·",
    ]
    shown = sum(int(found[1]) if (found := re.search(r" ×(\d+) ", row)) else 1 for row in rows)
    assert rest == f"… {len(resnet.models[0].layers) - shown} more layers"


def test_top_alone_takes_the_first_figure_shown(vit: Report) -> None:
    assert lines(vit, top=1, columns=("exact", "macs")) == lines(
        vit, top=1, columns=("exact", "macs"), sort="macs"
    )
    assert "multihead_attention ×12  encoder" in lines(vit, top=1)[0]


def test_sorted_blocks(resnet: Report) -> None:
    rows = lines(resnet, sort="params", depth=1)
    assert [row.split()[1] for row in rows[:4]] == ["stage4", "stage3", "fc", "stage2"]


def test_shares_count_every_turn(vit: Report) -> None:
    rows = lines(vit, columns=("params_share",), depth=1)
    shares = [float(found[1]) for row in rows if (found := re.search(r"([\d.]+)%", row))]
    assert sum(shares) == pytest.approx(100, abs=0.5)
    (block,) = (row for row in rows if "×12" in row)
    assert block.split()[-2:] == ["98.3%", "███████▉"]


@pytest.mark.parametrize("width", [20, 80])
def test_figures_are_never_cut(width: int, resnet: Report) -> None:
    every = tuple(column.name for column in COLUMNS)
    text = "\n".join(lines(resnet, columns=every, width=width, unfold=True))
    for layer in resnet.models[0].layers:
        assert f"{layer.params:,}" in text
        assert f"{layer.macs:,}" in text


def test_the_default_table_is_80_columns_wide(resnet: Report, vit: Report) -> None:
    for report in (resnet, vit):
        assert all(len(line) <= 80 for line in lines(report))
        assert all(len(line) <= 80 for line in lines(report, columns=("params", "params_share")))


def test_only_the_totals(resnet: Report) -> None:
    text = render.render(resnet, "table", render.Options(summary_only=True))
    assert text.splitlines()[:2] == [
        f"ResNet-50  3×224×224  {SPECS / 'resnet50.yaml'}",
        "params 25,557,032  MACs 4,089,184,256  output 1000",
    ]
    (row,) = records(resnet, summary_only=True, columns=("output", "params", "macs"))
    assert (row["params"], row["macs"], row["output_shapes"]) == ("25557032", "4089184256", "1000")
    assert "conv2d" not in render.render(resnet, "latex", render.Options(summary_only=True))
    assert "conv2d" not in render.render(resnet, "markdown", render.Options(summary_only=True))


def test_what_is_not_known() -> None:
    layers: list[object] = [{"type": "linear", "out_features": 2}, "nonesuch", "relu"]
    report = shapecalc.check({"input": [3], "layers": layers})
    every = tuple(column.name for column in COLUMNS)
    rows = records(report, columns=every)
    assert [row["params"] for row in rows] == ["8", "", "0"]
    assert [row["params_share"] for row in rows] == ["", "", ""]
    assert [row["memory"] for row in rows] == ["8", "", ""]
    known, unknown, _ = lines(report, columns=("params", "params_share", "memory"), sort="params")
    assert known.split()[1:4] == ["8", "8", "B"]
    assert "?" in unknown or "0" in unknown


def test_names() -> None:
    assert read_names(["MACs", "params-share", "output_shapes"]) == (
        "macs", "params_share", "output",
    )  # fmt: skip
    assert read_names(["+macs", "exact"]) == ("output", "params", "macs", "exact")
    assert read_names(["all"]) == tuple(column.name for column in COLUMNS)
    with pytest.raises(ColumnError, match=r"no column 'parms': did you mean 'params'\?"):
        read_names(["params", "parms"])
    with pytest.raises(ColumnError, match="there are path, line, "):
        read_names(["colour"])


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(1.0, "████████"), (0.5, "████    "), (0.0001, "▏       "), (0.19, "█▌      ")],
)
def test_bar(share: float, drawn: str) -> None:
    assert bar(share) == drawn


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"),
        (1023 * 1024, "0.999 MiB"),
        (150 * 2**20, "150 MiB"), (24 * 2**30, "24 GiB"), (5000 * 2**40, "5,000 TiB"),
    ],
)  # fmt: skip
def test_bytes(count: int, text: str) -> None:
    assert format_bytes(count) == text
