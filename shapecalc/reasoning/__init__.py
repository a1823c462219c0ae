"""Reasoning about sizes: which inputs fit a model, and what gets from one size to another."""
