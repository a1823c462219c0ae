"""How ``shapecalc diff`` shows a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shapecalc.comparison import FIGURES, Change, Delta, ModelComparison
from shapecalc.layers.base import format_shape
from shapecalc.render._columns import shortened
from shapecalc.render._escape import inert, printable
from shapecalc.render._json import dumps

if TYPE_CHECKING:
    from shapecalc.report import LayerReport, ModelReport, Total

#: The version of the JSON form.
VERSION = 1
#: Longer lists of changed layers are cut (--unfold shows all).
MAX_ROWS = 60
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
LABELS = {"params": "params", "trainable_params": "trainable", "macs": "MACs", "layers": "layers"}

Rows = list[tuple[str, ...]]


def to_json(models: list[ModelComparison], old: str, new: str, exceeded: list[str]) -> str:
    """The comparison as JSON."""
    value: dict[str, Any] = {"version": VERSION, "old": old, "new": new, "exceeded": exceeded}
    value["models"] = [model.to_dict() for model in models]
    return dumps(value, indent=2)


def to_table(models: list[ModelComparison], unfold: bool) -> str:
    """The comparison as columns of plain text."""
    parts = []
    for model in models:
        lines = [f"{printable(_name(model))}: {_headline(model)}"]
        if model.kind != "unchanged":
            rows, left_out = _rows(model, unfold)
            lines += _columns(rows)
            if left_out:
                lines.append(f"  … and {left_out:,} more layers (--unfold shows them)")
            lines += _columns(_totals(model))
        parts.append("\n".join(lines))
    return inert("\n\n".join(parts))


def to_markdown(models: list[ModelComparison], unfold: bool) -> str:
    """The comparison for a comment on a pull request; others may follow it in the same file."""
    return "\n\n".join(_section(model, unfold) for model in models) + "\n" * bool(models)


def _section(model: ModelComparison, unfold: bool) -> str:
    from shapecalc.render.markdown import code

    shown = model.new or model.old
    assert shown is not None
    lines = [f"### {code(_name(model))}: {_headline(model)} ({code(shown.file)})"]
    if model.kind == "unchanged":
        return lines[0]
    lines += ["", "| | before | after | |", "| :-- | --: | --: | --: |"]
    lines += [f"| {' | '.join(cells)} |" for cells in _totals(model)]
    rows, left_out = _rows(model, unfold)
    if rows:
        count = len(rows) + left_out
        noun = "layer" if count == 1 else "layers"
        lines += ["", f"<details><summary>{count:,} {noun}</summary>", ""]
        lines += ["| | Layer | Output | Params | MACs | |", "| :-: | :-- | --: | --: | --: | :-- |"]
        lines += [f"| {' | '.join(map(code, row))} |" for row in rows]
        lines += ["", f"… and {left_out:,} more layers"] if left_out else []
        lines += ["", "</details>"]
    return "\n".join(lines)


def _name(model: ModelComparison) -> str:
    return _arrow(model.old.name if model.old else "", model.new.name if model.new else "")


def _headline(model: ModelComparison) -> str:
    if model.kind != "changed":
        return model.kind
    counts = [
        f"{sum(change.kind == kind for change in model.changes):,} {kind}"
        for kind in SIGNS
        if any(change.kind == kind for change in model.changes)
    ]
    layers = f"layers: {', '.join(counts)}" if counts else "the same layers"
    return f"{layers}; output {_arrow(_outputs(model.old), _outputs(model.new))}"


def _outputs(model: ModelReport | None) -> str:
    return ", ".join(map(format_shape, model.outputs.values())) if model else ""


def _rows(model: ModelComparison, unfold: bool) -> tuple[Rows, int]:
    """The rows to show, and how many more there are."""
    if model.kind in ("added", "removed"):
        return [], 0
    changes = model.changes if unfold else model.changes[:MAX_ROWS]
    return [_row(change) for change in changes], len(model.changes) - len(changes)


def _row(change: Change) -> tuple[str, ...]:
    old, new = change.old, change.new
    node = (new or old).node  # type: ignore[union-attr]
    label = f"{node.type} {node.name}" if node.name else node.type
    written = ", ".join(
        f"{name} {_arrow(_word(before), _word(after))}"
        for name, (before, after) in sorted(change.fields.items())
    )
    cells = [_arrow(cell(old), cell(new)) for cell in (_shape, _params, _macs)]
    return SIGNS[change.kind], label, *cells, written


def _shape(layer: LayerReport | None) -> str:
    if layer is None:
        return ""
    return ", ".join(format_shape(tensor.shape) for tensor in layer.node.outputs)


def _params(layer: LayerReport | None) -> str:
    return "" if layer is None else _number(layer.params)


def _macs(layer: LayerReport | None) -> str:
    return "" if layer is None else _number(layer.macs)


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "×".join(map(str, value))
    return str(value)


def _arrow(old: str, new: str) -> str:
    return f"{old} → {new}" if old and new and old != new else new or old


def _totals(model: ModelComparison) -> Rows:
    return [(LABELS[figure], *_delta(model.delta(figure))) for figure in FIGURES]


def _delta(delta: Delta) -> tuple[str, str, str]:
    """Before, after and by how much."""
    difference = delta.difference
    change = f"{difference:+,}" if repr(difference) != "0" else "="
    if not delta.known:
        change = "?"
    elif change != "=" and delta.percent is not None:
        change += f" ({delta.percent:+.2f}%)"
    return _total(delta.old), _total(delta.new), shortened(change)


def _total(total: Total) -> str:
    text = shortened(f"{total.value:,}")
    return text if total.complete else f"≥ {text}"


def _columns(rows: Rows) -> Iterator[str]:
    """Rows as lines: words to the left, figures to the right."""
    shown = [tuple(map(printable, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [
            cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        yield f"  {'  '.join(cells)}".rstrip()
