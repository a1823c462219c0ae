"""Models with named sizes (``dims``): sizes as expressions, and the values that fit.

A model is walked at a sample of its named sizes, with expressions. What these come to is held
against walks at other samples: an expression that does not give their sizes is dropped. Which
values fit is found as for any input (:mod:`shapecalc.reasoning.input_sizes`); what the spec expects
of the named sizes counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice, product
from math import lcm
from typing import Any

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import Tensor, format_shape
from shapecalc.limits import MAX_NAMED_LAYERS
from shapecalc.reasoning.input_axes import InputAxis
from shapecalc.reasoning.input_sizes import AxisSizes, ModelSizes, axis_sizes, groups
from shapecalc.reasoning.joint import Tie, ties
from shapecalc.reasoning.line import MAX_PERIOD, Line
from shapecalc.reasoning.needs import MAX_NEEDS, Need
from shapecalc.reasoning.replay import Failure, Outcome, Replay
from shapecalc.reasoning.size_sets import SizeSet, from_partial, from_partial_scan
from shapecalc.reasoning.twins import is_twin
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.names import words_of
from shapecalc.spec.source import Source
from shapecalc.symbolic.polynomial import Polynomial
from shapecalc.symbolic.settling import period, settled
from shapecalc.symbolic.size import Condition, Size, Trace, polynomial_of
from shapecalc.walk import Finding, Memory, Overrides, WalkResult, walk
from shapecalc.walk.state import Demand

#: Values that are tried first, for all names alike: what halves often comes before.
CANDIDATES = (224, 256, 480, 512, 672, 572, 128, 100, 64, 32, 16, 8, 4, 1)
#: How often a sample is changed so that the layer fits at which the model failed.
MAX_CHANGES = 16
#: And how many samples are tried in all.
MAX_WALKS = 40
#: Pairs of sizes are tried up to here.
MAX_OF_PAIR = 256
#: Of the decisions before a failure, so many are looked at.
MAX_DECISIONS = 12
#: And sizes so far away, so many that come out otherwise.
MAX_DISTANCE = 512
MAX_FLIPS = 4
#: So many of the smallest values of each name are combined.
SMALLEST = 12
#: At how many of them it is tried which expressions are the most general.
MAX_TRIED = 3
#: How many samples expressions are held against.
MAX_SAMPLES = 6
#: So often at most it is tried whether a decision holds at another value.
MAX_EVALUATED = 200_000
#: What may be wrong at one size and right at another one.
OF_SIZES = frozenset(
    {"SC004", "SC101", "SC102", "SC103", "SC104", "SC105", "SC106", "SC107", "SC108"}
)
#: Decisions about numbers like these are about the limits, which no size comes near.
HUGE = 2**40


@dataclass(frozen=True, slots=True)
class Sample:
    """A model where its named sizes have these values."""

    values: Mapping[str, int]
    graph: Graph

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Domain:
    """What is known of the named sizes of a model."""

    names: tuple[str, ...]
    #: The model at values that fit (where none are known, at some), the most telling first.
    samples: tuple[Sample, ...]
    #: Which values fit; ``None`` where none are known that do.
    sizes: ModelSizes | None = None
    #: Those of the samples at which other sizes come out than the expressions say.
    others: tuple[Sample, ...] = ()
    #: By name the values that fit and at which it is so, whatever the other names are.
    apart: Mapping[str, SizeSet] = field(default_factory=dict)
    #: What several names must meet together: ``H·W ≠ 1: instance_norm2d at line 4``.
    conditions: tuple[str, ...] = ()

    @property
    def followed(self) -> tuple[Sample, ...]:
        """The samples at which the expressions hold."""
        return tuple(sample for sample in self.samples if sample not in self.others)

    @property
    def unexplained(self) -> tuple[Sample, ...]:
        """Those of the others that no name alone sets apart."""
        return tuple(
            sample
            for sample in self.others
            if not any(sample.values[name] in values for name, values in self.apart.items())
        )

    def to_dict(self, source: Source) -> dict[str, Any]:
        """As the JSON contract has it."""
        sizes = self.sizes
        return {
            "names": list(self.names),
            "sizes": None
            if sizes is None
            else [_sizes_to_dict(one, source) for one in (*sizes.together, *sizes.alone)],
            "together": [
                {
                    "names": [axis.name for axis in tie.axes],
                    "condition": tie.condition,
                    "layer": tie.failure.label,
                    "line": source.span(tie.failure.extent).line,
                }
                for tie in (sizes.ties if sizes else ())
            ],
            "apart": [
                {"name": name, "sizes": values.to_dict()} for name, values in self.apart.items()
            ],
            "conditions": list(self.conditions),
            "others": [dict(sample.values) for sample in self.unexplained],
        }


def _sizes_to_dict(sizes: AxisSizes, source: Source) -> dict[str, Any]:
    return {
        "names": [axis.name for axis in sizes.axes],
        "valid": sizes.valid.to_dict(),
        "exact": sizes.exact.to_dict(),
        "proved": sizes.scanned is None,
        "scanned": list(sizes.scanned) if sizes.scanned else None,
        "needs": sizes.needs_to_dict(source),
    }


class NamedAxis(InputAxis):
    """A named size in the place of an axis."""

    @property
    def letter(self) -> str:
        return self.name


def free_names(
    spec: ModelSpec, earlier: Mapping[str, WalkResult], overrides: Overrides
) -> tuple[str, ...]:
    """The named sizes that a model depends on and that have no value: its own, and those of the
    earlier models that it takes as inputs."""
    names = dict.fromkeys(spec.dims)
    for given in spec.inputs:
        source = earlier.get(given.model or "")
        if source is not None and given.name not in overrides.inputs:
            for port in source.graph.outputs.values():
                for size in port.tensor.shape or ():
                    if isinstance(size, Size):
                        names.update(dict.fromkeys(sorted(size.polynomial.names)))
    return tuple(name for name in names if name not in overrides.dims)


def walk_named(
    spec: ModelSpec,
    names: tuple[str, ...],
    earlier: Mapping[str, WalkResult],
    overrides: Overrides,
) -> WalkResult:
    """Run a model whose inputs have named sizes; its graph has sizes that are expressions, and a
    :class:`Domain`."""
    model = _Model(spec, names, earlier, overrides)
    values = model.fitting()
    result, trace = model.symbolic(values)
    if result.findings:
        samples = _usable([values, *({**values, n: 2 * values[n]} for n in names)], model)
        _common_findings(result, model, samples)
        result.graph.domain = Domain(names, samples)
    elif any(isinstance(size, Size) for size in _weight_sizes(result.graph)):
        result.findings += _nameless_weights(result.graph)
        others = ({**values, name: values[name] + 1} for name in names)
        result.graph.domain = Domain(names, _usable([values, *others], model))
    else:
        study = _Study(model, values, result)
        sizes = study.sizes()
        samples = _fitting_samples(model, values, sizes)
        result, trace = _most_general(model, samples, sizes)
        domain = result.graph.domain
        assert domain is not None
        result.graph.domain = replace(
            domain,
            apart=dict(study.apart(result.graph, trace, sizes)),
            conditions=tuple(study.conditions(result.graph, trace, sizes)),
        )
        return result
    _keep_followed(result.graph, trace)
    return result


def _most_general(
    model: _Model, samples: tuple[Sample, ...], sizes: ModelSizes
) -> tuple[WalkResult, Trace]:
    """The model with expressions at the sample at which these hold for most of the others: where
    something is 1 by chance, it broadcasts, and what is said of it is not true elsewhere."""
    best: tuple[int, WalkResult, Trace] | None = None
    for first in samples[:MAX_TRIED]:
        result, trace = model.symbolic(first.values)
        trace.residues.update(_residues(sizes))
        ordered = (first, *(sample for sample in samples if sample is not first))
        result.graph.domain = Domain(model.names, ordered, sizes)
        _keep_followed(result.graph, trace)
        others = len(result.graph.domain.others)
        if best is None or others < best[0]:
            best = others, result, trace
        if not others:
            break
    assert best is not None
    return best[1:]


class _Model:
    """A model, and what it is walked with."""

    def __init__(
        self,
        spec: ModelSpec,
        names: tuple[str, ...],
        earlier: Mapping[str, WalkResult],
        overrides: Overrides,
    ) -> None:
        self.spec = spec
        self.names = names
        self.earlier = earlier
        self.overrides = replace(overrides, most_layers=MAX_NAMED_LAYERS)
        self.memory = Memory()

    def concrete(self, values: Mapping[str, int], *, first_only: bool = False) -> WalkResult:
        """The model with numbers for its named sizes."""
        overrides = replace(self.overrides, dims={**self.overrides.dims, **values})
        return walk(self.spec, self.earlier, overrides, self.memory, first_only=first_only)

    def symbolic(
        self, values: Mapping[str, int], *, first_only: bool = False
    ) -> tuple[WalkResult, Trace]:
        """The model with expressions, at a sample."""
        trace = Trace(values)
        overrides = replace(self.overrides, dims={**self.overrides.dims, **trace.names()})
        return walk(self.spec, self.earlier, overrides, first_only=first_only), trace

    def fitting(self) -> dict[str, int]:
        """Values at which the model has no error; where none are found, those at which it gets
        furthest."""
        tried: dict[tuple[int, ...], int] = {}
        for candidate in CANDIDATES:
            values = dict.fromkeys(self.names, candidate)
            for _ in range(MAX_CHANGES):
                key = tuple(values.values())
                if key in tried or len(tried) >= MAX_WALKS:
                    break
                result, trace = self.symbolic(values, first_only=True)
                if not result.findings:
                    return values
                if result.findings[0].code not in OF_SIZES:
                    return values  # no size mends it
                tried[key] = len(result.graph.nodes)
                values = _changed(values, trace, tried) or values
        furthest = max(tried, key=lambda key: tried[key])
        return dict(zip(self.names, furthest, strict=True))


def _changed(
    values: dict[str, int], trace: Trace, tried: Mapping[tuple[int, ...], int]
) -> dict[str, int] | None:
    """Values near by at which one of the last decisions comes out the other way, and as few of
    those before it as can be; of what should have been equal, if there is anything."""
    decided = list(_without_limits(trace.conditions))
    last = decided[-MAX_DECISIONS:]
    best: tuple[int, dict[str, int]] | None = None
    for unequal in (True, False):
        for condition in reversed(last):
            if (condition.relation == "≠") != unequal:
                continue
            before = decided[: decided.index(condition)]
            for other in _flipping(condition, values):
                broken = sum(not one.holds(other) for one in before)
                if tuple(other.values()) not in tried and (best is None or broken < best[0]):
                    best = broken, other
        if best is not None:
            break
    return best[1] if best else None


def _flipping(condition: Condition, values: dict[str, int]) -> Iterator[dict[str, int]]:
    """Values at which a decision comes out the other way: the nearest few of each name; of two, if
    one alone does not do it, the first pair of small ones."""
    names = sorted(condition.polynomial.names)
    found = False
    for name in names:
        changed = ({**values, name: size} for size in _around(values[name]))
        for other in islice((one for one in changed if not condition.holds(one)), MAX_FLIPS):
            found = True
            yield other
    if len(names) == 2 and not found:
        one, two = names
        pairs = product(range(1, MAX_OF_PAIR), repeat=2)
        changed = ({**values, one: a, two: b} for a, b in pairs)
        yield from islice((pair for pair in changed if not condition.holds(pair)), 1)


def _around(size: int) -> Iterator[int]:
    """The sizes nearest to a size."""
    for distance in range(1, MAX_DISTANCE):
        yield size + distance
        if size > distance:
            yield size - distance


def _usable(many: Iterable[Mapping[str, int]], model: _Model) -> tuple[Sample, ...]:
    return tuple(Sample(values, model.concrete(values).graph) for values in many)


def _common_findings(result: WalkResult, model: _Model, samples: tuple[Sample, ...]) -> None:
    """Say of what is wrong at the sample alone that it is so only there."""
    others = [
        {(one.code, one.extent): one.message for one in model.symbolic(sample.values)[0].findings}
        for sample in samples[1:]
    ]
    for finding in result.findings:
        key = (finding.code, finding.extent)
        if any(other.get(key) != finding.message for other in others):
            finding.message += f" (at {samples[0]})"
            finding.fix = None


def _weight_sizes(graph: Graph) -> Iterator[int | None]:
    for node in graph.nodes:
        for shape in node.inference.weights.values() if node.inference else ():
            yield from shape


def _nameless_weights(graph: Graph) -> Iterator[Finding]:
    """Layers whose weights would be of another size at another input."""
    seen = set()
    for node in graph.nodes:
        weights = node.inference.weights if node.inference else {}
        for name, shape in weights.items():
            if node.spec is None or node.spec in seen:
                continue
            if any(isinstance(size, Size) for size in shape):
                seen.add(node.spec)
                message = f"its {name} would be {format_shape(shape)}: weights are of one size"
                yield Finding(
                    "SC101",
                    f"{node.spec.label(node.type)}: {message}",
                    node.spec.extent,
                    "pool to a fixed size first ({type: adaptive_avg_pool2d, output_size: 1}), "
                    "declare the size that is meant, or give numbers: --input 3x224x224",
                    node.path,
                    node.spec.name,
                    spec=node.spec,
                    within=node.within,
                )


class _NamedLine(Line):
    """Values of a name (or of several, alike)."""

    def __init__(
        self, study: _Study, replay: Replay, names: tuple[str, ...], share: int = 1
    ) -> None:
        first = next(iter(replay.base.inputs))
        axes = tuple(NamedAxis(first, place, n, study.own[n]) for place, n in enumerate(names))
        super().__init__(replay, axes, share)
        self.study = study
        self.names = names
        self.demands = [one for one in study.demands if _names(one.conditions) & set(names)]

    def values(self, size: int) -> dict[str, int]:
        """What the names of the model stand for."""
        return {**self.study.own, **dict.fromkeys(self.names, size)}

    def at(self, size: int) -> Outcome:
        found = self.outcomes.get(size)
        if found is None:
            found = self.outcomes[size] = self.study.at(self.replay, self.values(size))
        return found

    def with_other(self, other: Line, size: int, its: int) -> Outcome:
        names = other.names if isinstance(other, _NamedLine) else ()
        return self.study.at(self.replay, {**self.values(size), **dict.fromkeys(names, its)})

    @property
    def anywhere(self) -> Failure | None:
        return None  # a size that nobody knows has no value

    def meets(self, demand: Demand, size: int) -> bool:
        """Whether an ``expect`` holds at a size."""
        return all(condition.holds(self.values(size)) for condition in demand.conditions)

    def valid(self, size: int) -> bool:
        return all(self.meets(demand, size) for demand in self.demands) and super().valid(size)

    def exact(self, size: int) -> bool:
        return all(self.meets(demand, size) for demand in self.demands) and super().exact(size)

    @cached_property
    def period(self) -> int:
        """That of the layers, whatever the inputs are in terms of the names, and of what is
        expected."""
        inputs = self._period_of(chain.from_iterable(self.study.inputs.values()))
        demanded = self._period_of(
            condition.polynomial for demand in self.demands for condition in demand.conditions
        )
        return min(lcm(super().period * inputs, demanded), MAX_PERIOD + 1)

    def _period_of(self, polynomials: Iterable[Polynomial]) -> int:
        return lcm(*(period(one, name) for one in polynomials for name in self.names))

    @cached_property
    def start(self) -> int | None:
        start = super().start
        for demand in self.demands:
            for condition in demand.conditions:
                known = settled(self._joined(condition.polynomial), self.names[0], self.study.own)
                start = None if start is None or known is None else max(start, known)
        return start

    def _joined(self, polynomial: Polynomial) -> Polynomial:
        """The same with one name for all that have one value."""
        names = {name: Polynomial.name(name) for name in polynomial.names}
        names |= dict.fromkeys(self.names, Polynomial.name(self.names[0]))
        joined: Polynomial = Polynomial({}) + polynomial.evaluate(names)
        return joined


def _names(conditions: Iterable[Condition]) -> frozenset[str]:
    return frozenset().union(*(condition.polynomial.names for condition in conditions))


class _Study:
    """What is asked of a model about its named sizes."""

    def __init__(self, model: _Model, own: Mapping[str, int], result: WalkResult) -> None:
        self.model = model
        self.own = own
        self.demands = list(_real_demands(result.demands))
        #: What was found out along each name.
        self.lines: list[_NamedLine] = []
        #: The shapes of the inputs that have named sizes.
        self.inputs: dict[str, tuple[Polynomial, ...]] = {}
        for name, node in result.graph.inputs.items():
            shape = [size or 0 for size in node.outputs[0].shape or ()]
            if any(isinstance(size, Size) for size in shape):
                self.inputs[name] = tuple(map(polynomial_of, shape))
        self.replay = Replay(model.concrete(own).graph)
        if _is_read_inside(model.spec, model.names):
            self.replay.rewalks = True

    def at(self, replay: Replay, values: Mapping[str, int]) -> Outcome:
        """The model at these values."""
        if replay.rewalks:
            return replay.outcome(self.model.concrete(values, first_only=True))
        shapes = {
            name: tuple(s.evaluate(values) for s in sizes) for name, sizes in self.inputs.items()
        }
        if any(size < 1 for shape in shapes.values() for size in shape):
            return replay.outcome(self.model.concrete(values, first_only=True))
        return replay.at(shapes)

    def line(self, *names: str, share: int = 1) -> _NamedLine:
        """Values of a name, or of several alike."""
        return _NamedLine(self, self.replay, names, share)

    def sizes(self) -> ModelSizes:
        """Which values fit, name by name."""
        names = self.model.names
        self.lines = lines = [self.line(name, share=len(names)) for name in names]
        for line in lines:
            others = [other.varying for other in lines if other is not line]
            line.foreign = frozenset().union(*others) - line.varying
        found = [*ties(lines), *self._demanded_ties(lines)]
        together = [
            axis_sizes(self.line(*dict.fromkeys(axis.name for axis in group)))
            for group in groups(found)
            if len({axis.own for axis in group}) == 1
        ]
        tied = {axis.name for tie in found for axis in tie.axes} if together else set()
        alone: list[AxisSizes] = []
        for line in lines:
            if line.names[0] not in tied:
                twin = next((one for one in alone if self._is_twin(one, line)), None)
                sizes = twin.renamed(line.axes[0]) if twin else axis_sizes(line)
                alone.append(_with_demands(sizes, line))
        return ModelSizes(
            self.model.spec.name, tuple(alone), tuple(found), tuple(together), named=True
        )

    def apart(self, graph: Graph, trace: Trace, sizes: ModelSizes) -> Iterator[tuple[str, SizeSet]]:
        """By name the values that fit and at which the model is not as it was traced: where
        something was decided otherwise, and other layers or sizes came of it."""
        tried = 0
        alone = {one.axes[0].name: one for one in sizes.alone}
        for line in self.lines:
            name = line.names[0]
            own = alone.get(name)
            values = [size for size in sorted(line.outcomes) if line.valid(size)]
            if own is not None and own.scanned is None:  # perhaps found along another name
                values = list(own.valid.within(1, own.start + own.period))
            otherwise: set[int] = set()
            deciding: list[Polynomial] = []
            for condition in _without_limits(trace.conditions):
                if condition.polynomial.names != {name} or tried > MAX_EVALUATED:
                    continue
                tried += len(values)
                broken = {size for size in values if not condition.holds({name: size})}
                if broken:
                    otherwise |= broken
                    deciding.append(condition.polynomial)
            known = dict.fromkeys(values, False)
            for size in otherwise:
                known[size] = _differs(graph, line.at(size).nodes, line.values(size))
            if any(known.values()):
                yield name, self._set_apart(line, known, deciding)

    def _set_apart(
        self, line: _NamedLine, known: Mapping[int, bool], deciding: list[Polynomial]
    ) -> SizeSet:
        starts = [settled(one, line.names[0], self.own) for one in deciding]
        if line.start is None or None in starts:
            return from_partial_scan(known)
        start = max(line.start, *(start for start in starts if start is not None))
        turn = lcm(line.period, *(period(one, line.names[0]) for one in deciding))
        return from_partial(known, start, turn)

    def conditions(self, graph: Graph, trace: Trace, sizes: ModelSizes) -> Iterator[str]:
        """What was decided about several names, each of which may have small values of those that
        fit alone at which it comes out otherwise."""
        alone = {
            one.axes[0].name: list(islice(one.valid.within(1, one.start + one.period), SMALLEST))
            for one in sizes.alone
        }
        mixed = [one for one in _without_limits(trace.conditions) if len(one.polynomial.names) > 1]
        for condition in mixed[:MAX_DECISIONS]:
            names = sorted(condition.polynomial.names)
            values = (
                {**self.own, **dict(zip(names, combination, strict=True))}
                for combination in product(*(alone.get(name, ()) for name in names))
            )
            broken = [one for one in values if not condition.holds(one)]
            if not broken:
                continue
            # Where as little as can be is decided otherwise beside it, it is to blame.
            other = min(broken, key=lambda one: sum(not decided.holds(one) for decided in mixed))
            outcome = self.at(self.replay, other)
            failure = outcome.failure
            if failure is not None:
                line = self.model.spec.source.span(failure.extent).line
                yield f"{condition}: {failure.label} at line {line}"
            elif _differs(graph, outcome.nodes, other):
                yield f"{condition}: else the model is not as shown"

    def _is_twin(self, one: AxisSizes, line: _NamedLine) -> bool:
        """Whether nothing tells a name from another one but that."""
        axes = [self._axis(one.axes[0].name), self._axis(line.names[0])]
        if self.demands or self.replay.rewalks or axes[0] is None or axes[1] is None:
            return False
        return is_twin(self.replay.base, axes[0], axes[1])

    def _axis(self, name: str) -> InputAxis | None:
        """The spatial axis of an input that is a name, if there is only one with it."""
        keras = self.model.spec.framework == "keras"
        found = [
            NamedAxis(given, place, name, self.own[name])
            for given, sizes in self.inputs.items()
            for place, size in enumerate(sizes)
            if size == Polynomial.name(name) and place != (len(sizes) - 1 if keras else 0)
        ]
        uses = sum(name in size.names for sizes in self.inputs.values() for size in sizes)
        return found[0] if len(found) == uses == 1 else None

    def _demanded_ties(self, lines: list[_NamedLine]) -> Iterator[Tie]:
        """Names that an ``expect`` ties together."""
        nodes = self.replay.base.nodes
        for demand in self.demands:
            for condition in demand.conditions:
                tied = [line for line in lines if line.names[0] in condition.polynomial.names]
                if condition.relation != "=" or len(tied) < 2 or not nodes:
                    continue
                label = demand.layer.label() if demand.layer else "`expect`"
                failure = Failure(nodes[-1], "SC108", "", label, demand.extent)
                axes = (tied[0].axes[0], tied[1].axes[0])
                yield Tie(axes, failure, str(condition))


def _is_read_inside(spec: ModelSpec, names: tuple[str, ...]) -> bool:
    """Whether a named size is read elsewhere than in the shapes of inputs and in ``expect``."""
    written = [spec.keys.get("vars"), spec.keys.get("layers")]
    written += [block.keys for block in spec.blocks.values()]
    written += [sorted(template.names) for template in spec.vars.values()]
    return not set(names).isdisjoint(words_of(_without_expects(written)))


def _without_expects(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_expects(one) for k, one in value.items() if k != "expect"}
    return [_without_expects(one) for one in value] if isinstance(value, list) else value


def _real_demands(demands: Iterable[Demand]) -> Iterator[Demand]:
    """Without what the limits on numbers demand."""
    for demand in demands:
        conditions = tuple(_without_limits(demand.conditions))
        if conditions:
            yield demand._replace(conditions=conditions)


def _without_limits(conditions: Iterable[Condition]) -> Iterator[Condition]:
    return (one for one in conditions if abs(one.polynomial.terms.get((), 0)) < HUGE)


def _with_demands(sizes: AxisSizes, line: _NamedLine) -> AxisSizes:
    """With what each ``expect`` keeps out."""
    needs = [*sizes.valid_needs]
    for demand in line.demands:
        known = {size: line.meets(demand, size) for size in sorted(line.outcomes)}
        if all(known.values()):
            continue
        kept_out = max(size for size, holds in known.items() if not holds)
        label = demand.layer.label() if demand.layer else "the model"
        if line.start is None:
            found = from_partial_scan(known)
        else:
            within = {n: holds for n, holds in known.items() if n < line.start + line.period}
            found = from_partial(within or known, line.start, line.period)
        needs.append(Need(label, demand.extent, found, "its expect", kept_out, is_bound=False))
    return replace(sizes, valid_needs=tuple(needs)[:MAX_NEEDS])


def _residues(sizes: ModelSizes) -> dict[str, tuple[int, int]]:
    """The remainders that all values that fit have."""
    return {
        one.axes[0].name: (one.valid.modulus, one.valid.residues[0])
        for one in sizes.alone
        if len(one.valid.residues) == 1 and one.valid.modulus > 1 and not one.valid.exceptions
    }


def _fitting_samples(
    model: _Model, values: Mapping[str, int], sizes: ModelSizes
) -> tuple[Sample, ...]:
    """Samples that fit, exact ones first: larger ones, smaller ones, and such that differ from one
    name to the other."""
    choices: dict[str, list[int]] = {}
    for one in sizes.alone:
        choices[one.axes[0].name] = list(_choices(one))
    tied = {axis.name for tie in sizes.ties for axis in tie.axes}
    many: list[dict[str, int]] = []
    for turn in range(MAX_SAMPLES):
        own = dict(values)
        for place, (name, found) in enumerate(choices.items()):
            if found and name not in tied:
                own[name] = found[(turn + place * (turn > 1)) % len(found)]
        many.append(own)
    for group in sizes.together:
        more = [size for size in _choices(group) if size != group.own][:2]
        many += [{**values, **dict.fromkeys((a.name for a in group.axes), n)} for n in more]
    kept: dict[tuple[int, ...], Sample] = {}
    for own in [*many, dict(values)]:
        key = tuple(own.values())
        if key not in kept:
            result = model.concrete(own)
            if not result.findings:
                kept[key] = Sample(own, result.graph)
    return tuple(kept.values())


def _choices(sizes: AxisSizes) -> Iterator[int]:
    """Sizes that fit, exact ones first: settled ones, then the smallest."""
    for found in (sizes.exact, sizes.valid):
        if found.empty:
            continue
        near = next((n for n in found.near(max(sizes.start, sizes.own)) if n), sizes.own)
        last = max(found.start, near, *found.exceptions) + 5 * max(found.modulus, 1)
        if sizes.scanned is not None:
            last = min(last, sizes.scanned[1])
        yield from dict.fromkeys([near, *[n for n in range(near + 1, last) if n in found][-2:]])
        yield from [n for n in range(1, near) if n in found][:2]
        if found is sizes.exact and not found.empty:
            # What is exact at all of them need not be so at the others that fit.
            rounded = (n for n in range(1, last) if n in sizes.valid and n not in found)
            yield from islice(rounded, 1)
            break


def _keep_followed(graph: Graph, trace: Trace) -> None:
    """Drop the expressions that do not give the sizes of other samples at which all is decided as
    at the first; the samples at which it is not, and sizes are others, are remembered."""
    domain = graph.domain
    assert domain is not None
    conditions = list(_without_limits(trace.conditions))
    others = []
    for sample in domain.samples:
        holds = all(condition.holds(sample.values) for condition in conditions)
        if not holds and _differs(graph, sample.graph.nodes, sample.values):
            others.append(sample)
            continue
        twins = {node.path: node.outputs for node in sample.graph.nodes}
        for node in graph.nodes:
            node.outputs = tuple(
                _followed(tensor, twin, sample.values)
                for tensor, twin in _pairs(node.outputs, twins.get(node.path, ()))
            )
    graph.domain = replace(domain, others=tuple(others))


def _differs(graph: Graph, nodes: Sequence[Node], values: Mapping[str, int]) -> bool:
    """Whether a model has other layers, sizes, weights or costs at these values than it says."""
    if [node.path for node in graph.nodes] != [node.path for node in nodes]:
        return True
    for node, twin in zip(graph.nodes, nodes, strict=True):
        if len(node.outputs) != len(twin.outputs):
            return True
        for tensor, other in zip(node.outputs, twin.outputs, strict=True):
            if tensor.shape and other.shape and _followed(tensor, other, values) != tensor:
                return True
        one, two = node.inference, twin.inference
        if one is None or two is None:
            continue
        if one.weights != two.weights or not (
            one.macs is None or follows(one.macs, two.macs, values)
        ):
            return True
    return False


def _pairs(
    tensors: tuple[Tensor, ...], twins: tuple[Tensor, ...]
) -> Iterator[tuple[Tensor, Tensor | None]]:
    for number, tensor in enumerate(tensors):
        yield tensor, twins[number] if number < len(twins) else None


def _followed(tensor: Tensor, twin: Tensor | None, values: Mapping[str, int]) -> Tensor:
    """A tensor with those of its sizes that are right at another sample too."""
    shape, other = tensor.shape, twin.shape if twin else None
    if shape is None or other is None or len(shape) != len(other):
        return tensor._replace(shape=None)
    sizes = zip(shape, other, strict=True)
    return tensor._replace(
        shape=tuple(size if follows(size, n, values) else None for size, n in sizes)
    )


def follows(size: int | None, number: int | None, values: Mapping[str, int]) -> bool:
    """Whether a figure with named sizes is what it was computed to be at a sample."""
    if size is None or number is None:
        return size is number
    return bool(polynomial_of(size).evaluate(values) == number)
