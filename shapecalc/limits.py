"""The bounds on what a spec may ask for: a spec is untrusted input.

Passing one of them is SC001 (a bound on the text) or SC007 (a bound on the network).
"""

from __future__ import annotations

#: How deep YAML containers may nest.
MAX_DEPTH = 100
#: How many nodes a document may have once its aliases are expanded.
MAX_ALIAS_NODES = 100_000
#: How many ``%TAG`` directives a file may have.
MAX_DIRECTIVES = 1_000
#: How many layers a model may have once blocks and repeats are unrolled.
MAX_LAYERS = 1_000_000
#: How many uses of blocks and containers a model may have once it is unrolled. They nest at most
#: :data:`MAX_DEPTH` deep, those of blocks that use blocks included.
MAX_GROUPS = 100_000
#: How many layers one recurrent or transformer layer may stack.
MAX_INNER_LAYERS = 1_000
#: Numbers stay below this, so that they are exact as a double as well.
MAX_NUMBER = 2**53
#: How many diagnostics are kept of one file.
MAX_DIAGNOSTICS = 1_000
#: How many things may be wrong with one model: behind that it is not looked for more.
MAX_FAULTS = 10_000
#: How many characters a message, or the help of one, may have.
MAX_MESSAGE = 1_000
#: How many characters of a document that all models share may be read, once for each of them.
MAX_SHARED = 10_000_000
#: How many models a file may hold.
MAX_MODELS = 1_000
#: How many layers a model may have whose sizes have names: it is walked several times, with
#: expressions.
MAX_NAMED_LAYERS = 5_000
#: How many models of a file may have sizes with names.
MAX_NAMED_MODELS = 32
#: How many sizes of a model may have names.
MAX_DIMS = 8
#: How deep blocks and containers may be in one another as they run.
MAX_NESTED = 500
#: How many axes a shape may have.
MAX_RANK = 64
#: How many values may be computed, or names handed on to blocks, for one model.
MAX_WORK = 10_000_000
#: How many pairs of words are compared in search of what a misspelt one was meant for.
MAX_COMPARISONS = 300_000
#: How many characters an expression may have.
MAX_EXPRESSION = 1_000
