"""Every rule keeps its contract: code, name, severity, documentation, and examples that run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
import yaml

from shapecalc import check, rules
from shapecalc.checker import check_source
from shapecalc.diagnostics import Severity
from shapecalc.graph import Graph
from shapecalc.report import FileReport
from shapecalc.rules.base import Found, Rule
from shapecalc.spec.source import Source

#: Codes, names and severities of the design.
ENGINE = """
SC001 yaml-syntax error
SC002 invalid-spec error
SC003 unknown-layer error
SC004 bad-expression error
SC005 duplicate error
SC006 unknown-reference error
SC007 too-large error
SC101 channel-mismatch error
SC102 empty-output error
SC103 rank-mismatch error
SC104 merge-mismatch error
SC105 indivisible error
SC106 invalid-argument error
SC107 reshape-mismatch error
SC108 expect-mismatch error
SC109 dtype-mismatch error
SC201 non-integer-size warning
SC202 uneven-padding note
SC203 skipped-input warning
SC900 internal-error error
"""
#: The lints that are no more than worth knowing.
NOTES = {"SC314"}
OFF = {"SC316", "SC320", "SC321", "SC322", "SC323"}
RULES = rules.all_rules()


def checked(text: str) -> FileReport:
    return check_source(Source("example.yaml", text))


def found_by(rule: Rule, text: str) -> list[str]:
    """What a rule reports on a spec, whether it is on or off."""
    report = checked(text)
    if rule.default or rule.check is None:
        return [one.text for one in report.diagnostics if one.code == rule.code]
    return [found.message for model in report.models for found in rule.check(model.graph)]


def test_codes_names_and_severities_are_those_of_the_design() -> None:
    known = {rule.code: f"{rule.code} {rule.name} {rule.severity}" for rule in RULES}
    for line in ENGINE.split("\n")[1:-1]:
        assert known.get(line[:5]) == line


def test_codes_and_names_are_unique() -> None:
    for values in ([rule.code for rule in RULES], [rule.name for rule in RULES]):
        assert max(Counter(values).values()) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_contract(rule: Rule) -> None:
    assert re.fullmatch(r"SC\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    if "SC3" <= rule.code < "SC4":
        note = rule.code in NOTES
        assert rule.severity is (Severity.NOTE if note else Severity.WARNING)
    assert rule.default == (rule.code not in OFF)
    assert (rule.check is None) == (rule.code < "SC2" or rule.code == "SC900")
    summary, *rest = rule.documentation.strip().split("\n\n")
    assert summary == rule.summary
    assert summary.endswith(".")
    assert len(summary) <= 80
    assert [paragraph.split(":")[0] for paragraph in rest] == [
        "What it does",
        "Why is this worth a note" if rule.severity is Severity.NOTE else "Why is this bad",
        "Use instead",
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_failing_example(rule: Rule) -> None:
    if rule.code == "SC900":
        assert rule.fails == ""
        return
    assert len(found_by(rule, rule.fails)) == 1
    loud = [one for one in checked(rule.fails).diagnostics if one.severity is not Severity.NOTE]
    assert {one.code for one in loud} <= {rule.code}
    assert all(one.message and "\n" not in one.message for one in loud)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_passing_example(rule: Rule) -> None:
    assert found_by(rule, rule.passes) == []
    errors = [one for one in checked(rule.passes).diagnostics if one.severity is Severity.ERROR]
    assert not errors


def test_rules_that_are_off_do_not_run() -> None:
    for rule in RULES:
        if not rule.default:
            assert rule not in rules.checks()
            assert rule.code not in {one.code for one in checked(rule.fails).diagnostics}


def test_a_rule_that_fails_is_one_finding_and_all_others_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(graph: Graph) -> list[Found]:
        raise RuntimeError("what")

    bad = replace(rules.rule("SC301"), check=broken)
    sound = [one for one in rules.checks() if one.code != "SC301"]
    monkeypatch.setattr(rules, "checks", lambda: [bad, *sound])
    codes = {one.code for one in checked(rules.rule("SC201").fails).diagnostics}
    assert codes == {"SC900", "SC201"}


ABOUT_LAYERS = [rule for rule in rules.checks() if rule.code < "SC4" and rule.code != "SC309"]


@pytest.mark.parametrize("rule", ABOUT_LAYERS, ids=lambda rule: rule.code)
def test_a_layer_can_switch_a_rule_off(rule: Rule) -> None:
    spec = yaml.safe_load(rule.fails)
    spec["layers"] = [
        {**({"type": layer} if isinstance(layer, str) else layer), "ignore": [rule.code]}
        for layer in spec["layers"]
    ]
    assert rule.code not in {one.code for one in check(spec).diagnostics}
