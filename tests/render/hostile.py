"""Specs from strangers whose names try to break out of each output format."""

from __future__ import annotations

import json
import re

from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.report import Report
from shapecalc.spec.source import Source

NAMES = [
    "::error file=a.py,line=1::forged",
    "a\n::error::forged",
    "a\r\n::stop-commands::x\n##[error]forged",
    "##[add-mask]x ##vso[task.complete result=Failed] ##teamcity[buildStop]",
    "a%0A::error::forged%0D%0A,line=7::x",
    "%25%0a:,title=x",
    "\x1b[31mred\x07\x9b2J\x00",
    "</failure><testcase name='forged'/>]]><![CDATA[&lt;&amp;",
    "<script>alert(1)</script><!-- --></details></summary>",
    "![x](http://evil.test/p.png) [a](javascript:x) https://evil.test www.evil.test",
    "@everyone #1 GH-2 :tada: $\\int$ **b** ~~s~~ `c` | x | y",
    "| a | b |\n| - | - |\n# heading\n- item",
    '"quoted",1,2\n=HYPERLINK("http://evil.test")',
    "=cmd|' /C calc'!A0",
    "+1", "-1", "@SUM(A1)", "\t=1",
    "\\input{/etc/passwd} \\end{tabular} $x^2$ & # _ ~ % {",
    "}\\write18{id}%",
    "[2cm] *",
    "{0} {{1}} [link](http://evil.test)",
    "\u202eevil\u2066\u200b\ufeff\u2028\u2029\x85",
    "\ud800 lone \udfff \ufffe\uffff",
    "ʼ×→…≥½",
    "'", '"', "\\", "`", "``x`", "${x}", "$(id)",
]  # fmt: skip

_SPECS = [
    "name: {q}\ninput: [3, 8, 8]\nlayers:\n  - {{type: conv2d, name: {q}, out_channels: 4,"
    " kernel_size: 3, in_channels: 5}}\n",
    "name: {q}\ninput: [3, 8, 8]\nlayers:\n  - {q}\n  - {{type: {q}, {q}: {q}}}\n",
    "vars: {{{q}: {q}}}\ninput: [3, 8, 8]\nblocks: {{{q}: {{layers: [relu]}}}}\nlayers:\n"
    "  - type: {q}\n    name: {q}\n    from: {q}\n",
    "name: {q}\ninput: [{q}]\ndims: [{q}]\nlayers: [relu]\n{q}: 1\noutputs: {{{q}: {q}}}\n",
    "input: [3, 9, 9]\nlayers:\n  - {{type: sequential, name: {q}, layers: [{{type: conv2d, name:"
    " {q}, out_channels: 2, kernel_size: 2, stride: 2}}]}}\n",
    "layers: [{q}, {q}\n",
]


def quoted(name: str) -> str:
    """A name as YAML, with every character but ASCII written out."""
    return json.dumps(name)


def report(name: str, file: str = "specs/model.yaml") -> Report:
    """The report over specs that use a name wherever a spec can name something."""
    sources = [Source(file, spec.format(q=quoted(name))) for spec in _SPECS]
    sources.append(Source(name, _SPECS[0].format(q=quoted("x"))))
    return Report(tuple(check_source(source) for source in sources))


def rendered(name: str, format: str) -> str:
    """What a format makes of it."""
    return render.render(report(name), format, render.Options(notes=True))


#: What no output may hold.
WILD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\u200b\ufeff\u2028\u2029\ufffe\uffff]"
    r"|^\s*::|##\[|##vso\[|##teamcity\[",
    re.MULTILINE,
)


def is_tame(text: str) -> bool:
    """Whether a terminal shows it as it is, an encoder takes it, and no CI system obeys it."""
    text.encode("utf-8")
    return WILD.search(text) is None
