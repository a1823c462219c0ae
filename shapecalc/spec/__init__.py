"""From YAML text to a typed description of models: positions, schema, expressions, scopes."""
