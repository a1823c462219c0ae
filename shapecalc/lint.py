"""From findings to diagnostics: the rules that look at the graph, severities, and what is
silenced."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, reduce
from itertools import accumulate, chain
from typing import NamedTuple

from shapecalc import rules
from shapecalc.budget import Limits
from shapecalc.control import Control, layers_of
from shapecalc.diagnostics import Diagnostic, Related, Severity
from shapecalc.graph import Graph
from shapecalc.limits import MAX_DIAGNOSTICS, MAX_MESSAGE
from shapecalc.rules import sc309_unused_name
from shapecalc.rules.base import Found, Rule
from shapecalc.selection import Policy, Selection
from shapecalc.spec.edits import set_field
from shapecalc.spec.model import ModelSpec
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Document, Extent, Source
from shapecalc.spec.source import Mapping as YamlMapping
from shapecalc.suppressions import Suppressions
from shapecalc.walk import Finding, WalkResult

UNUSED = "SC309"
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Verdict(NamedTuple):
    """What is wrong with a model, in the order of the file: of very many findings the worst."""

    diagnostics: list[Diagnostic]
    #: How many more there are.
    hidden: int


class Linter:
    """Turns what was found in one file into diagnostics.

    ``selection`` and ``limits`` are those of the configuration; ``command_line`` comes after what
    the models say themselves.
    """

    def __init__(
        self,
        source: Source,
        selection: Selection,
        command_line: Selection | None = None,
        limits: tuple[Limits, Limits] | None = None,
    ) -> None:
        self.source = source
        self.selection = selection
        self.command_line = command_line or Selection()
        self.limits, self.command_line_limits = limits or ({}, {})
        self.suppressions = Suppressions(source)
        #: Whether something is wrong that keeps rules from seeing all of the file.
        self.erroneous = False
        #: By the ``id`` of a model: one may be asked about many times.
        self._controls: dict[int, tuple[ModelSpec, Control, Policy]] = {}
        self._ran: set[int] = set()

    def file_diagnostics(self, problems: Iterable[Problem]) -> list[Diagnostic]:
        """What is wrong outside of any model."""
        policy = Policy(self.selection, self.command_line)
        problems = chain(problems, self.suppressions.problems)
        return self._all_diagnosed(problems, policy, MAX_DIAGNOSTICS)

    def model_diagnostics(
        self,
        model: ModelSpec,
        result: WalkResult,
        others: Mapping[str, WalkResult] | None = None,
        most: int = MAX_DIAGNOSTICS,
    ) -> Verdict:
        """What is wrong with a model, the ``most`` that there is room for.

        ``others`` are runs on further inputs: of these, what was not found before.
        """
        _, control, policy = self._control(model)
        result.graph.limits = {**self.limits, **control.limits, **self.command_line_limits}
        problems = [*model.problems, *control.problems]
        found = [*result.findings, *_ruled(result.graph, policy)]
        self._remember(result.graph)
        if others:
            found += self._found_elsewhere(
                others, policy, {(one.code, one.extent) for one in found}
            )
        if any(map(_is_basic, problems)) or any(map(_is_basic, found)):
            # What reads an unused name may be what could not be read.
            found = [one for one in found if one.code != UNUSED]
        return self._verdict(self._reported(chain(problems, found), policy, control), policy, most)

    def _found_elsewhere(
        self, others: Mapping[str, WalkResult], policy: Policy, known: set[tuple[str, Extent]]
    ) -> Iterator[Finding]:
        """What is found on further inputs and is not ``known``."""
        for shape, other in others.items():
            self._remember(other.graph)
            for one in (*other.findings, *_ruled(other.graph, policy)):
                if (one.code, one.extent) not in known:
                    known.add((one.code, one.extent))
                    one.message, one.fix = f"{one.message} (at input {shape})", None
                    yield one

    def _verdict(self, kept: list[list[Problem | Finding]], policy: Policy, most: int) -> Verdict:
        """Diagnostics of as many findings as are shown: one at least, the worst, which decides
        about the exit code."""
        kept.sort(key=_place)
        shown = kept
        if len(kept) > most:
            rank = {code: _RANK[policy.severity_of(rules.rule(code))] for code in _codes(kept)}
            shown = sorted(kept, key=lambda same: rank[same[0].code])[: max(most, 1)]
            shown.sort(key=_place)
        diagnostics = [self._diagnosed(same, policy) for same in shown]
        return Verdict(diagnostics, len(kept) - len(shown))

    def _control(self, model: ModelSpec) -> tuple[ModelSpec, Control, Policy]:
        known = self._controls.get(id(model))
        if known is None:
            control = Control(model)
            policy = Policy(self.selection, control.selection, self.command_line)
            known = self._controls[id(model)] = (model, control, policy)
        return known

    def unused_diagnostics(
        self, documents: list[Document], overridden: bool, most: int = MAX_DIAGNOSTICS
    ) -> list[Diagnostic]:
        """SC309 for what only the whole file can tell: names that all models share, and what was
        to be silenced (not where sizes are ``overridden``). To be asked last."""
        policy = Policy(self.selection, self.command_line)
        if self.erroneous or not policy.reports(rules.rule(UNUSED)):
            return []
        found = list(self._unused_shared(documents))
        if not overridden:
            found += self._unused_ignores()
            found += self._unused_comments(policy)
        return self._all_diagnosed(found, policy, most)

    def _remember(self, graph: Graph) -> None:
        """Which layers ran."""
        self._ran.update(id(node.spec) for node in graph.nodes)
        self._ran.update(id(group.spec) for group in graph.groups)

    def _unused_shared(self, documents: list[Document]) -> Iterator[Problem]:
        models = [model for model, _, _ in self._controls.values()]
        extents = {model.shared for model in models}
        for document in documents:
            keys = document.value
            if isinstance(keys, YamlMapping) and keys.extent in extents:
                for found in sc309_unused_name.unused(keys, [keys, *(m.keys for m in models)]):
                    yield _unused(found.message, found.extent or keys.extent, found.path)

    def _unused_ignores(self) -> Iterator[Problem]:
        idle: dict[Extent, str] = {}
        # A block that models share has layers of its own in each of them.
        needed: set[Extent] = set()
        for model, control, policy in self._controls.values():
            for layer in layers_of(model) if control.ignores else ():
                if id(layer) in self._ran and id(layer) in control.ignores:
                    ignore = control.ignores[id(layer)]
                    needed.update(code.extent for code in ignore.used)
                    for code in ignore.unused:
                        if policy.uses(code.prefix):
                            idle.setdefault(code.extent, layer.label())
        for extent, name in idle.items():
            if extent not in needed:
                yield _unused(f"nothing in {name} is silenced by this", extent)

    def _unused_comments(self, policy: Policy) -> Iterator[Problem]:
        if not self.suppressions.found:
            return
        policies = [policy, *(of_model for _, _, of_model in self._controls.values())]
        starts, ends = self._idle_lines()

        @cache
        def is_on(prefix: str) -> bool:
            return prefix != UNUSED and all(one.uses(prefix) for one in policies)

        for comment in self.suppressions.found:
            before = bisect_right(starts, comment.line)
            if before and comment.line <= ends[before - 1]:
                continue
            for code in comment.unused:
                if is_on(code.prefix):
                    yield _unused(
                        f"this silences nothing {_reach(comment.whole_file)}", code.extent
                    )

    def _idle_lines(self) -> tuple[list[int], list[int]]:
        """Where layers that did not run begin, and up to where those that begin there or before
        go, by line."""
        spans = sorted(
            self.source.span(layer.extent)
            for model, _, _ in self._controls.values()
            for layer in layers_of(model)
            if id(layer) not in self._ran
        )
        ends = accumulate((span.end_line for span in spans), max)
        return [span.line for span in spans], list(ends)

    def _reported(
        self,
        problems: Iterable[Problem | Finding],
        policy: Policy,
        control: Control | None = None,
    ) -> list[list[Problem | Finding]]:
        """What is reported and not silenced; findings of one code at one place together."""
        kept: list[list[Problem | Finding]] = []
        divided: dict[tuple[str, Extent], list[Problem | Finding]] = {}
        reported: dict[str, bool] = {}
        for problem in problems:
            code = problem.code
            if code not in reported:
                reported[code] = policy.reports(rules.rule(code))
                self.erroneous = self.erroneous or _is_basic(problem)
            if not reported[code] or self._is_silenced(problem, control):
                continue
            same = [problem]
            if isinstance(problem, Finding):
                same = divided.setdefault((code, problem.extent), same)
                if same[0] is not problem:
                    same.append(problem)
                    continue
            kept.append(same)
        return kept

    def _all_diagnosed(
        self, problems: Iterable[Problem], policy: Policy, most: int
    ) -> list[Diagnostic]:
        """Diagnostics of what is wrong outside of any model; the last says how many more."""
        diagnostics, hidden = self._verdict(self._reported(problems, policy), policy, most)
        if hidden:
            last = diagnostics[-1]
            diagnostics[-1] = replace(last, message=f"{last.message} (and {hidden:,} more)")
        return diagnostics

    def _diagnosed(self, same: list[Problem | Finding], policy: Policy) -> Diagnostic:
        """The diagnostic of one problem, or of findings of one code at one place."""
        return reduce(_joined, [self._diagnostic(one, policy) for one in same])

    def _diagnostic(self, problem: Problem | Finding, policy: Policy) -> Diagnostic:
        source, rule = self.source, rules.rule(problem.code)
        related = [Related(message, source.span(extent)) for message, extent in problem.related]
        finding = problem if isinstance(problem, Finding) else None
        use = source.span(finding.use) if finding and finding.use else None
        if use is not None:
            related.append(Related("used here", use))
        return Diagnostic(
            code=problem.code,
            rule=rule.name,
            severity=policy.severity_of(rule),
            message=_bounded(problem.message),
            help=_bounded(problem.help) if problem.help else None,
            path=problem.path,
            layer=problem.layer,
            file=source.file,
            span=source.span(problem.extent),
            related=tuple(related),
            sizes=finding.sizes if finding else (),
            uses=finding.uses if finding else 1,
            first_use=use.line if use else None,
            fix=problem.fix,
        )

    def _is_silenced(self, problem: Problem | Finding, control: Control | None) -> bool:
        """Whether an ``ignore`` or a comment silences a finding; both remember that they did."""
        nothing = not self.suppressions.found and (control is None or not control.ignores)
        if nothing or problem.code in rules.NEVER_SILENT:
            return False
        finding = problem if isinstance(problem, Finding) else None
        layer = finding.spec if finding else None
        around = finding.within if finding else ()
        by_layer = control is not None and control.hides((*around, layer), problem.code)
        if not self.suppressions.found:
            return by_layer
        place = self.source.span(problem.extent)
        lines = {place.line, place.end_line}
        if layer is not None:
            span = self.source.span(layer.extent)
            # The last line of a layer in braces is its own; in block style it is its last key's.
            flow = self.source.text.startswith("{", layer.extent[0])
            lines |= {span.line, span.end_line} if flow else {span.line}
        return self.suppressions.hide(problem.code, lines) or by_layer


def _ruled(graph: Graph, policy: Policy) -> Iterator[Finding]:
    """What the selected rules find; where sizes have names, with numbers for them, at samples that
    fit (exact ones first, if any are, and the smallest): what not all of them have is about their
    numbers, and a budget that only some of them pass cannot be judged."""
    if graph.domain is None:
        yield from apply_rules(graph, policy)
        return
    samples = iter(graph.domain.followed)
    found: list[dict[tuple[str, Extent], Finding]] = []
    while len(found) < 2 or _differing(found):
        sample = next(samples, None)
        if sample is None:
            break
        sample.graph.limits = graph.limits
        found.append({(one.code, one.extent): one for one in apply_rules(sample.graph, policy)})
    differing = _differing(found)
    for place, one in found[0].items():
        if all(place in other for other in found):
            if place in differing:
                one.message = f"{one.message} (at {graph.domain.followed[0]})"
                one.fix = None
            yield one


def _differing(found: list[dict[tuple[str, Extent], Finding]]) -> set[tuple[str, Extent]]:
    """Where something is found at all samples so far, in other words."""
    first, *others = found or [{}]
    return {
        place
        for place, one in first.items()
        if all(place in other for other in others)
        and any(other[place].message != one.message for other in others)
    }


def apply_rules(graph: Graph, policy: Policy) -> Iterator[Finding]:
    """What the selected rules find in a graph; the same at another use of the lines is counted."""
    for rule in chain(rules.checks(), rules.optional_checks() if policy.places else ()):
        if not policy.reports(rule):
            continue
        findings: dict[tuple[Extent, tuple[int, ...]], Finding] = {}
        fixes: dict[tuple[Extent, tuple[int, ...]], tuple[str, str] | None] = {}
        assert rule.check is not None
        try:
            for found in rule.check(graph):
                # Another use of the same lines may be silenced from around it.
                within = found.node.within if found.node else ()
                place = _extent(found), tuple(map(id, within))
                known = findings.get(place)
                if known is None:
                    findings[place], fixes[place] = _finding(rule, found, graph), found.fix
                else:
                    known.uses += 1
                    known.fix = known.fix if found.fix == fixes[place] else None
        except Exception as error:  # noqa: BLE001 - a bug in a rule must not hide the rest
            message = f"the rule {rule.name} failed: {type(error).__name__}: {error}"
            yield Finding("SC900", message, graph.spec.extent)
        yield from findings.values()


def _bounded(text: str) -> str:
    """A text without its middle where it is very long: a list may have as many numbers as fits."""
    half = MAX_MESSAGE // 2
    return text if len(text) <= MAX_MESSAGE else f"{text[:half]} … {text[-half:]}"


def _extent(found: Found) -> Extent:
    """Where a finding is written."""
    spec = found.node.spec if found.node else None
    return found.extent or (spec.key_extent(found.field) if spec else (0, 0))


def _finding(rule: Rule, found: Found, graph: Graph) -> Finding:
    node = found.node
    if node is None or node.spec is None:
        return Finding(rule.code, found.message, _extent(found), found.help, found.path)
    return Finding(
        rule.code,
        f"{node.spec.label(node.type)}: {found.message}",
        _extent(found),
        found.help,
        f"{node.path}.{found.field}" if found.field else node.path,
        node.spec.name,
        spec=node.spec,
        within=node.within,
        fix=set_field(graph.spec.source, node.spec, *found.fix) if found.fix else None,
    )


def _place(same: list[Problem | Finding]) -> tuple[int, str]:
    """What findings are in order by: where they are written, and their code."""
    return same[0].extent[0], same[0].code


def _codes(kept: list[list[Problem | Finding]]) -> set[str]:
    return {same[0].code for same in kept}


def _joined(one: Diagnostic, other: Diagnostic) -> Diagnostic:
    """The same finding in uses that different layers might have silenced."""
    fix = one.fix if one.fix == other.fix else None
    return replace(one, uses=one.uses + other.uses, fix=fix)


def _is_basic(problem: Problem | Finding) -> bool:
    """Whether it is an error that keeps rules from seeing what is behind it."""
    return problem.code < "SC2" or problem.code == "SC900"


def _unused(message: str, extent: Extent, path: str = "") -> Problem:
    return Problem(UNUSED, message, extent, "leave it out", path)


def _reach(whole_file: bool) -> str:
    return "in the file" if whole_file else "on its line"
