"""What the two YAML loaders complain of, in plain words and at the place to mend."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from shapecalc.spec import source as source_module
from shapecalc.spec.source import Source, parse

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]

#: The text with the place that is blamed in «», the message, a word of the help.
CASES = [
    ("a: 1\nb:\n«\t»- x\n", "a tab in the indentation", "spaces"),
    ("a:\n  - x\n «\t»- y\n", "a tab in the indentation", "spaces"),
    ("a: «[»1, 2\nb: 3\n", "the `[` is not closed", "`]`"),
    ("a:\n  - «{»type: b, c: 3\n  - d\n", "the `{` is not closed", "`}`"),
    ("a: «{»b: 1, c: {d: 2}\n", "the `{` is not closed", "`}`"),
    ("a: [1, 2]«]»\nb: 1\n", "a `]` too many", "out"),
    ("a:\n  - {b: 1}«}»\n", "a `}` too many", "out"),
    ("- {a: 1 b«:» 2}\n", "a comma or `}` is needed here", "comma"),
    ("- {type: pad, mode: pick(a, 'b'«)»}\n", "a comma or `}` is needed here", "max(a, b)"),
    ("a: b«:» c\n", "a second colon in one line", "quotes"),
    ("a: [1]\n«layers»\n", "a key without a colon: layers", "layers:"),
    ("a:\n  - b\n «-» c\n", "the line is indented unlike those above it", "indentation"),
    ("a:\n  b: 1\n   c«:» 2\n", "the line is indented more than the key above it", "indentation"),
    ("a:\n  - b\n  «c»: 1\n", "this is no entry of the list above", "dash"),
    ('a: «"»bc\nd: 1\n', "the quote is not closed", '"'),
    ("a: «'»bc\n", "the quote is not closed", "'"),
    ("a: «@»b\n", "a value cannot begin with '@'", "quotes"),
    ("- {a: 1,«,» b: 2}\n", "nothing stands before `,`", "value"),
]


@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.__name__)
@pytest.mark.parametrize(("marked", "message", "help"), CASES, ids=[case[0] for case in CASES])
def test_said_plainly(
    marked: str, message: str, help: str, loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "Loader", loader)
    start, end = marked.index("«"), marked.index("»") - 1
    _, (problem,) = parse(Source("spec.yaml", marked.replace("«", "").replace("»", "")))
    assert problem.message == f"not valid YAML: {message}"
    assert problem.extent == (start, end)
    assert help in (problem.help or "")
