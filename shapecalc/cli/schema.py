"""``shapecalc schema``: the JSON Schema of the spec language."""

from shapecalc.cli import _terminal

PANEL = "Reference"
ORDER = 430


def command() -> int:
    """The JSON Schema of the spec language, for editors.

    Save it, and name it in the first line of a spec; editors with a YAML language server then
    complete and check the fields of every layer.

    \b
      shapecalc schema > shapecalc.schema.json
      # yaml-language-server: $schema=shapecalc.schema.json
    """
    import json

    from shapecalc.spec.json_schema import spec_schema

    _terminal.print_out(json.dumps(spec_schema(), indent=2))
    return 0
