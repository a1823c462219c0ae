"""From findings to diagnostics: the rules that look at the graph, severities, and what is
silenced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapecalc import rules
from shapecalc.diagnostics import Diagnostic, Related
from shapecalc.graph import Graph
from shapecalc.rules.base import Found, Rule
from shapecalc.selection import Policy, Selection, UnknownCodeError, read_codes, read_severities
from shapecalc.spec.model import LayerSpec, ModelSpec
from shapecalc.spec.problems import Problem
from shapecalc.spec.source import Extent, Mapping, Source
from shapecalc.suppressions import Suppressions
from shapecalc.walk import Finding, WalkResult


class Linter:
    """Turns what was found in one file into diagnostics."""

    def __init__(self, source: Source, selection: Selection, suppressions: Suppressions) -> None:
        self.source = source
        self.selection = selection
        self.suppressions = suppressions

    def file_diagnostics(self, problems: Iterable[Problem]) -> list[Diagnostic]:
        """What is wrong outside of any model."""
        found = (self._diagnose(problem, Policy(self.selection)) for problem in problems)
        return [one for one in found if one is not None]

    def model_diagnostics(self, model: ModelSpec, result: WalkResult) -> list[Diagnostic]:
        """What is wrong with a model, in the order of the file."""
        own, problems = _model_selection(model)
        selection = Policy(self.selection, own)
        findings = (*result.findings, *apply_rules(result.graph, selection))
        found = [
            *(self._diagnose(problem, selection) for problem in (*model.problems, *problems)),
            *(self._diagnose(finding, selection, finding.spec) for finding in findings),
        ]
        kept = [one for one in found if one is not None]
        kept.sort(key=lambda one: (one.line, one.column, one.code))
        return kept

    def _diagnose(
        self, problem: Problem | Finding, selection: Policy, layer: LayerSpec | None = None
    ) -> Diagnostic | None:
        """A diagnostic with its rule, severity and line; ``None`` where it is not reported."""
        rule = rules.rule(problem.code)
        if not selection.reports(rule):
            return None
        source = self.source
        related = [Related(message, source.span(extent)) for message, extent in problem.related]
        finding = problem if isinstance(problem, Finding) else None
        use = source.span(finding.use) if finding and finding.use else None
        if use is not None:
            related.append(Related("used here", use))
        diagnostic = Diagnostic(
            code=problem.code,
            rule=rule.name,
            severity=selection.severity_of(rule),
            message=problem.message,
            help=problem.help,
            path=problem.path,
            layer=problem.layer,
            file=source.file,
            span=source.span(problem.extent),
            related=tuple(related),
            sizes=finding.sizes if finding else (),
            uses=finding.uses if finding else 1,
            first_use=use.line if use else None,
        )
        if not self.suppressions.found:
            return diagnostic
        layer_line = source.span(layer.extent).line if layer else None
        return None if self.suppressions.hide(diagnostic, layer_line) else diagnostic


def _model_selection(model: ModelSpec) -> tuple[Selection, list[Problem]]:
    """The ``lint`` of a model; unknown codes in it are reported."""
    lint = model.lint
    if not isinstance(lint, Mapping):
        return Selection(), []
    problems = []
    parts: dict[str, tuple[str, ...]] = {}
    for key in ("select", "ignore"):
        try:
            parts[key] = read_codes(lint.get(key) or ())
        except UnknownCodeError as error:
            extent = lint.entry_extent(key)
            problems.append(Problem("SC002", str(error), extent, error.help, f"lint.{key}"))
    severity = {}
    try:
        severity = read_severities(lint.get("severity") or {})
    except UnknownCodeError as error:
        extent = lint.entry_extent("severity")
        problems.append(Problem("SC002", str(error), extent, error.help, "lint.severity"))
    selection = Selection(parts.get("select", ()), (), parts.get("ignore", ()), severity)
    return selection, problems


def apply_rules(graph: Graph, selection: Policy) -> Iterator[Finding]:
    """What the selected rules find in a graph; the same at another use of the lines is counted."""
    for rule in rules.checks():
        if not selection.reports(rule):
            continue
        findings: dict[Extent, Finding] = {}
        try:
            for found in _check(rule, graph):
                finding = _finding(rule, found)
                known = findings.setdefault(finding.extent, finding)
                if known is not finding:
                    known.uses += 1
        except Exception as error:  # noqa: BLE001 - a bug in a rule must not hide the rest
            message = f"the rule {rule.name} failed: {type(error).__name__}: {error}"
            yield Finding("SC900", message, graph.spec.extent)
        yield from findings.values()


def _check(rule: Rule, graph: Graph) -> Iterable[Found]:
    assert rule.check is not None
    for found in rule.check(graph):
        spec = found.node.spec if found.node else None
        if spec is None or not any(rule.code.startswith(code) for code in spec.ignore):
            yield found


def _finding(rule: Rule, found: Found) -> Finding:
    node = found.node
    if node is None or node.spec is None:
        extent = found.extent or (0, 0)
        return Finding(rule.code, found.message, extent, found.help, found.path)
    return Finding(
        rule.code,
        f"{node.spec.label(node.type)}: {found.message}",
        found.extent or node.spec.key_extent(found.field),
        found.help,
        f"{node.path}.{found.field}" if found.field else node.path,
        node.spec.name,
        spec=node.spec,
    )
