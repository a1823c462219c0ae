"""Sizes that are names: exact expressions that the size equations run on as they do on numbers."""
