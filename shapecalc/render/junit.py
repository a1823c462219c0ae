"""JUnit XML: a test suite a file, a test a model, which its errors fail.

No more than the schema of Jenkins' xUnit plugin (junit-10.xsd) allows, to which pytest keeps too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.render._escape import printable
from shapecalc.render._places import repository_path

if TYPE_CHECKING:
    from shapecalc.render import Options
    from shapecalc.report import FileReport, Report

SHOWS_LAYERS = "never"


def render(report: Report, _options: Options) -> str:
    """The report as XML."""
    suites = Element("testsuites", name="shapecalc")
    for file in report.files:
        _suite(suites, file)
    _count(suites, list(suites))
    indent(suites)
    text = tostring(suites, encoding="unicode").replace("##", "#&#35;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(suites: Element, file: FileReport) -> None:
    name = printable(repository_path(file.source.file))
    suite = SubElement(suites, "testsuite", name=name, file=name)
    if file.own_diagnostics or not file.models:
        _case(suite, name, "(file)", file.own_diagnostics)
    for model in file.models:
        _case(suite, name, printable(model.name), model.diagnostics, model.hidden_diagnostics)
    cases = list(suite)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", "0")


def _count(suites: Element, inner: list[Element]) -> None:
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in inner)))


def _case(
    suite: Element, file: str, name: str, found: Sequence[Diagnostic], hidden: int = 0
) -> None:
    case = SubElement(suite, "testcase", name=name, classname=file)
    errors = [one for one in found if one.severity is Severity.ERROR]
    others = [one for one in found if one.severity is not Severity.ERROR]
    more = [f"and {hidden:,} more"] if hidden else []
    if errors:
        first = printable(errors[0].text)
        message = first if len(errors) == 1 else f"{first} (and {len(errors) - 1:,} more)"
        failure = SubElement(case, "failure", message=message, type=errors[0].code)
        failure.text = "\n".join([*map(_line, errors), *more])
    if others:
        SubElement(case, "system-out").text = "\n".join(map(_line, others))


def _line(found: Diagnostic) -> str:
    place = f"{repository_path(found.file)}:{found.line}:{found.column}"
    help = f" (help: {found.help})" if found.help else ""
    return printable(f"{place}: {found.severity}[{found.code}] {found.text}{help}")
