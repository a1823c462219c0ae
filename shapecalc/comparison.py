"""What changed between two versions of a spec: layers, shapes, parameters, costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from shapecalc.budget import AmountError, parse_amount
from shapecalc.graph import Node
from shapecalc.report import LayerReport, ModelReport, Total, plain, shape_to_json

#: The figures that are compared, and may be limited.
FIGURES = ("params", "trainable_params", "macs", "layers")
#: Stretches of more pairs of layers than this are aligned less well, by difflib, ...
MAX_CELLS = 1_000_000
#: ... and still longer ones position by position: difflib takes quadratic time as well.
MAX_DIFFLIB = 3000

Kind = Literal["added", "removed", "changed"]
Key = tuple[str, str | None]
Match = tuple[int | None, int | None]
#: Whether nothing about a layer has changed: the old one's position, and the new one's.
Same = Callable[[int, int], bool]


class Change(NamedTuple):
    """A layer before and after; ``None`` where there is none."""

    old: LayerReport | None
    new: LayerReport | None

    @property
    def kind(self) -> Kind:
        """Whether the layer is new, gone or another."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The fields of the layer that were written anew, before and after."""
        if self.old is None or self.new is None:
            return {}
        return dict(_changed_fields(self.old.node, self.new.node))

    def to_dict(self) -> dict[str, Any]:
        """The change as plain values."""
        return {
            "change": self.kind,
            "old": _layer_to_dict(self.old),
            "new": _layer_to_dict(self.new),
            "fields": {
                name: {"old": _plain(old), "new": _plain(new)}
                for name, (old, new) in self.fields.items()
            },
        }


class Delta(NamedTuple):
    """A total before and after."""

    old: Total
    new: Total

    @property
    def known(self) -> bool:
        """Whether both are known."""
        return self.old.complete and self.new.complete

    @property
    def percent(self) -> float | None:
        """By how much it grew; ``None`` where it was nothing, or is not known."""
        if not self.known or not self.old.value:
            return None
        if not self.named:
            return 100 * self.difference / self.old.value
        from shapecalc.symbolic.size import ratio

        grown = ratio(self.difference, self.old.value)
        return None if grown is None else float(100 * grown)

    @property
    def difference(self) -> int:
        """By how much it grew."""
        return self.new.value - self.old.value

    @property
    def named(self) -> bool:
        """Whether it depends on named sizes."""
        return not type(self.old.value) is type(self.new.value) is int

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "old": plain(self.old.value),
            "new": plain(self.new.value),
            "difference": plain(self.difference),
            "percent": self.percent,
            "complete": self.known,
        }


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """One model before and after; ``None`` where there is none."""

    old: ModelReport | None
    new: ModelReport | None
    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        """The model's name, the new one if there is one."""
        model = self.new or self.old
        assert model is not None
        return model.name

    @property
    def kind(self) -> Kind | Literal["unchanged"]:
        """Whether the model is new, gone or another."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        same = not self.changes and repr(self.old.outputs) == repr(self.new.outputs)
        return "unchanged" if same else "changed"

    def delta(self, figure: str) -> Delta:
        """One of :data:`FIGURES` before and after."""
        return Delta(_total(self.old, figure), _total(self.new, figure))

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {
            "name": self.name,
            "change": self.kind,
            "totals": {figure: self.delta(figure).to_dict() for figure in FIGURES},
            "outputs": {"old": _outputs(self.old), "new": _outputs(self.new)},
            "layers": [change.to_dict() for change in self.changes],
        }


def compare(old: Sequence[ModelReport], new: Sequence[ModelReport]) -> list[ModelComparison]:
    """The models of two files, matched by name, what is left by position."""
    pairs = _pair_models(old, new)
    return [ModelComparison(a, b, tuple(_changes(a, b))) for a, b in pairs]


def _pair_models(
    old: Sequence[ModelReport], new: Sequence[ModelReport]
) -> Iterator[tuple[ModelReport | None, ModelReport | None]]:
    named = {model.name: model for model in reversed(old)}
    partners = [named.pop(model.name, None) for model in new]
    taken = {id(model) for model in partners}
    left = [model for model in old if id(model) not in taken]
    unmatched = partners.count(None)
    for model, partner in zip(new, partners, strict=True):
        # A model renamed is the same model; with more of them than places, nobody could say which.
        renamed = partner is None and len(left) == unmatched and left
        yield (left.pop(0) if renamed else partner), model
        unmatched -= bool(renamed)
    for model in left:
        yield model, None


def _changes(old: ModelReport | None, new: ModelReport | None) -> Iterator[Change]:
    before = old.layers if old else []
    after = new.layers if new else []
    looks = [_look(layer) for layer in before], [_look(layer) for layer in after]

    def same(a: int, b: int) -> bool:
        return looks[0][a] == looks[1][b]

    for a, b in match_layers(_keys(before), _keys(after), same):
        change = Change(None if a is None else before[a], None if b is None else after[b])
        if change.old is None or change.new is None or _differ(change.old, change.new):
            yield change


def _keys(layers: list[LayerReport]) -> list[Key]:
    return [(layer.node.type, layer.node.name) for layer in layers]


def match_layers(old: list[Key], new: list[Key], same: Same | None = None) -> list[Match]:
    """Which layer became which, as pairs of positions in the order of the new stack.

    Layers of the same type and name match in order, as many as can, and of those rather the ones
    that are the ``same``; of what is left, the same name, then (within a stretch that was replaced
    by one as long) the same position.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    matches: list[Match] = [(at, at) for at in range(start)]
    middle = range(start, len(old) - end), range(start, len(new) - end)
    matches += _stretches(_common(old, new, *middle, same or _unlike), *middle)
    matches += zip(range(len(old) - end, len(old)), range(len(new) - end, len(new)), strict=True)
    return _rejoin(matches, old, new)


def _unlike(_old: int, _new: int) -> bool:
    return False


def _common(
    old: list[Key], new: list[Key], before: range, after: range, same: Same
) -> list[tuple[int, int]]:
    """The layers between a common beginning and a common end that match, in order."""
    if len(before) * len(after) <= MAX_CELLS:
        return _aligned(old, new, before, after, same)
    if len(before) + len(after) > MAX_DIFFLIB:
        return []
    matcher = SequenceMatcher(
        None, old[before.start : before.stop], new[after.start : after.stop], autojunk=False
    )
    return [
        (before.start + block.a + step, after.start + block.b + step)
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]


def _aligned(
    old: list[Key], new: list[Key], before: range, after: range, same: Same
) -> list[tuple[int, int]]:
    """The longest common subsequence, and of several the one with most layers that are the same:
    scores from the end, as Needleman and Wunsch have them."""
    most = 1 + min(len(before), len(after))
    scores = [[0] * (len(after) + 1)]
    for a in reversed(before):
        below, row = scores[-1], [0]
        for b in reversed(after):
            score = max(row[-1], below[len(row)])
            if old[a] == new[b]:
                score = max(score, below[len(row) - 1] + most + same(a, b))
            row.append(score)
        scores.append(row)
    found, a, b = [], before.start, after.start
    while a < before.stop and b < after.stop:
        left, right = before.stop - a, after.stop - b
        here = scores[left][right]
        gain = most + same(a, b)
        if old[a] == new[b] and here == scores[left - 1][right - 1] + gain:
            found.append((a, b))
            a, b = a + 1, b + 1
        elif here == scores[left - 1][right]:
            a += 1
        else:
            b += 1
    return found


def _stretches(common: list[tuple[int, int]], before: range, after: range) -> Iterator[Match]:
    """The matches, and between two of them what was replaced, removed and added."""
    a, b = before.start, after.start
    for a_next, b_next in [*common, (before.stop, after.stop)]:
        if a_next - a == b_next - b:
            yield from zip(range(a, a_next), range(b, b_next), strict=True)
        else:
            yield from ((at, None) for at in range(a, a_next))
            yield from ((None, at) for at in range(b, b_next))
        if a_next < before.stop:
            yield a_next, b_next
        a, b = a_next + 1, b_next + 1


def _rejoin(matches: list[Match], old: list[Key], new: list[Key]) -> list[Match]:
    """Join what was removed here and added there under a name that only it has."""
    gone = {old[a][1]: a for a, b in matches if a is not None and b is None}
    come = {new[b][1] for a, b in matches if b is not None and a is None}
    names = [Counter(name for _, name in keys) for keys in (old, new)]
    moved = {
        name for name in gone.keys() & come if name and all(count[name] == 1 for count in names)
    }
    joined: list[Match] = []
    for a, b in matches:
        if b is None and a is not None and old[a][1] in moved:
            continue
        if a is None and b is not None and new[b][1] in moved:
            joined.append((gone[new[b][1]], b))
        else:
            joined.append((a, b))
    return joined


def _differ(old: LayerReport, new: LayerReport) -> bool:
    if _look(old) != _look(new):
        return True
    # Named sizes of two runs are never equal: what they are written as is.
    return old.node.layer != new.node.layer and repr(old.node.layer) != repr(new.node.layer)


def _look(layer: LayerReport) -> tuple[object, ...]:
    node = layer.node
    inputs = [port.tensor.shape for port in node.inputs]
    outputs = [tensor.shape for tensor in node.outputs]
    figures = (layer.params, layer.trainable_params, layer.macs)
    look = (inputs, outputs, layer.weights, figures)
    return (node.type, node.name, repr(look) if layer.samples else look)


def _changed_fields(old: Node, new: Node) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if old.type != new.type:
        yield "type", (old.type, new.type)
    if old.name != new.name:
        yield "name", (old.name, new.name)
    before, after = _values(old.layer), _values(new.layer)
    for name in before if type(old.layer) is type(new.layer) else ():
        if before[name] != after[name]:
            yield name, (before[name], after[name])


def _values(layer: Any) -> dict[str, Any]:
    # Every layer type is a dataclass; their common base is not.
    return {field.name: getattr(layer, field.name) for field in fields(layer)} if layer else {}


def _plain(value: Any) -> Any:
    """A value of a field as JSON has it."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def _layer_to_dict(layer: LayerReport | None) -> dict[str, Any] | None:
    if layer is None:
        return None
    node = layer.node
    return {
        "path": node.path,
        "name": node.name,
        "type": node.type,
        "output_shapes": [shape_to_json(tensor.shape) for tensor in node.outputs],
        "params": plain(layer.params),
        "trainable_params": plain(layer.trainable_params),
        "macs": plain(layer.macs),
    }


def _outputs(model: ModelReport | None) -> dict[str, list[int | str | None] | None] | None:
    if model is None:
        return None
    return {name: shape_to_json(shape) for name, shape in model.outputs.items()}


def _total(model: ModelReport | None, figure: str) -> Total:
    if model is None:
        return Total(0)
    return Total(len(model.layers)) if figure == "layers" else model.total(figure)


class GrowthLimit(NamedTuple):
    """How much a figure may grow: by a part of what it was, or by a number."""

    written: str
    figure: str
    part: Fraction | None
    amount: int

    def exceeded_by(self, delta: Delta) -> bool:
        """Whether it grew by more. Raises ``ValueError`` where that is not known."""
        if not delta.known:
            raise ValueError(f"{self.figure} is not known")
        if delta.named:
            return self._exceeded_by_named(delta)
        allowed = self.amount if self.part is None else self.part * delta.old.value
        return delta.difference > allowed

    def _exceeded_by_named(self, delta: Delta) -> bool:
        """The same where both depend on named sizes: if it is so whatever these are."""
        if repr(delta.old.value) == repr(delta.new.value):
            return False
        if self.part is None or delta.percent is None:
            raise ValueError(f"{self.figure} depends on named sizes")
        return delta.percent > 100 * self.part


def parse_growth(text: str) -> GrowthLimit:
    """``params+5%``, ``macs+1M``. Raises :class:`~shapecalc.budget.AmountError`."""
    figure, plus, amount = text.replace(" ", "").partition("+")
    help = f"write one of {', '.join(FIGURES)} and what it may grow by: params+5%, macs+1M"
    if not plus or figure not in FIGURES:
        raise AmountError(f"{text[:40]!r} is no limit", help)
    if not amount.endswith("%"):
        return GrowthLimit(text, figure, None, parse_amount(figure, amount))
    number = amount[:-1]
    if not number.replace(".", "", 1).isdecimal() or not number.isascii() or len(number) > 20:
        raise AmountError(f"{text[:40]!r} is no limit", help)
    return GrowthLimit(text, figure, Fraction(Decimal(number)) / 100, 0)
