"""JUnit XML: a test a model."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

import shapecalc
from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.report import Report
from shapecalc.spec.source import Source
from tests import gallery
from tests.render import hostile

#: What junit-10.xsd (Jenkins' xUnit plugin) allows of the elements that we write: the attributes
#: that must be there, further ones, and the children.
SCHEMA: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        },
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def tree(report: Report) -> ET.Element:
    """A report as XML, which fits the schema."""
    root = ET.fromstring(render.render(report, "junit").encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        required, optional, children = SCHEMA[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= children
    return root


def test_a_sound_model_passes() -> None:
    root = tree(shapecalc.check(gallery.FOLDER.parent / "lenet5.yaml"))
    assert root.attrib == {"name": "shapecalc", "tests": "1", "failures": "0", "errors": "0"}
    (case,) = root.iter("testcase")
    assert case.get("name") == "LeNet-5"
    assert case.find("failure") is None


@pytest.mark.parametrize("spec", gallery.specs(), ids=lambda spec: spec.stem)
def test_errors_fail(spec: object) -> None:
    report = shapecalc.check(str(spec))
    root = tree(report)
    failures = list(root.iter("failure"))
    assert bool(failures) is not report.ok
    assert root.get("failures") == str(len(failures))
    text = "\n".join(element.text or "" for element in root.iter())
    for found in report.diagnostics:
        assert f"{found.line}:{found.column}: {found.severity}[{found.code}]" in text


def test_a_file_that_is_no_yaml_fails() -> None:
    report = Report((check_source(Source("a.yaml", "layers: [")),))
    (case,) = tree(report).iter("testcase")
    failure = case.find("failure")
    assert case.get("name") == "(file)"
    assert failure is not None
    assert failure.get("type") == "SC001"


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    report = hostile.report(name)
    assert hostile.is_tame(render.render(report, "junit"))
    root = tree(report)
    own = sum(bool(file.own_diagnostics) or not file.models for file in report.files)
    assert len(list(root.iter("testcase"))) == len(report.models) + own
    known = {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    assert {element.tag for element in root.iter()} <= known
