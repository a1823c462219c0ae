"""Specs that ask for as much as they can: each a text of about so many bytes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

#: The size that the bounds are about.
MEGABYTE = 1_000_000
HEAD = "input: [3, 64, 64]\n"


def _filled(size: int, head: str, line: Callable[[int], str], tail: str = "") -> str:
    """As many lines as there is room for."""
    parts, left = [head], size - len(head) - len(tail)
    for number in count():
        text = line(number)
        left -= len(text)
        if left < 0:
            return "".join([*parts, tail])
        parts.append(text)
    raise AssertionError


def _layers(size: int, line: Callable[[int], str], head: str = HEAD) -> str:
    return _filled(size, f"{head}layers:\n", line)


def _nested(depth: int, start: str, inner: str, end: str) -> str:
    return start * depth + inner + end * depth


def unknown_types(size: int) -> str:
    """A misspelt type in every line."""
    return _layers(size, lambda n: f"  - relx{n}\n")


def unknown_keys(size: int) -> str:
    """A misspelt key in every line."""
    return _layers(size, lambda n: f"  - {{type: relu, inplxce{n}: 1}}\n")


def unknown_sources(size: int) -> str:
    """A name that is none, among as many that are."""
    return _layers(size, lambda n: f"  - {{type: relu, name: n{n}, from: m{n}}}\n")


def distant_sources(size: int) -> str:
    """Every layer reads all of the first ones."""
    names = ", ".join(f"n{n}" for n in range(300))
    head = _layers(9_000, lambda n: f"  - {{type: relu, name: n{n}}}\n" if n < 300 else " " * 9_000)
    return _filled(size, head, lambda n: f"  - {{type: add, from: [{names}]}}\n")


def unknown_names(size: int) -> str:
    """An expression with a name that is none, among many ``vars``."""
    names = _filled(size // 2, HEAD + "vars:\n", lambda n: f"  a{n}: {n}\n")
    return _filled(size, names + "layers:\n", lambda n: f"  - {{type: dropout, p: b{n}}}\n")


def vars_on_vars(size: int) -> str:
    """Each value is computed from the one before it."""
    head = f"{HEAD}layers: [relu]\nvars:\n  a0: 1\n"
    return _filled(size, head, lambda n: f"  a{n + 1}: a{n} + 1\n")


def long_expressions(size: int) -> str:
    """Expressions as long as they may be."""
    return _layers(size, lambda n: f"  - {{type: dropout, p: {n}{' + 1' * 240} - {n + 240}}}\n")


def deep_expressions(size: int) -> str:
    """Expressions as deep as they may be."""
    deep = _nested(40, "max(1, ", "1", ")")
    return _layers(size, lambda n: f'  - {{type: dropout, p: "{deep} - 1 + {n} - {n}"}}\n')


def repeated_expressions(size: int) -> str:
    """Few lines, repeated, with values to compute each time."""
    names = _filled(
        size - 300, f"{HEAD}vars:\n", lambda n: f"  a{n}: {n}\n" if n < 3000 else " " * size
    )
    return names + (
        "blocks:\n  unit:\n    params: {p: 1}\n    layers: [{type: dropout, p: p - 1}]\n"
        "layers: [{type: unit, repeat: 900000, p: index - index + 1}]\n"
    )


def repeated_layers(size: int) -> str:
    """As many layers as there may be, from one line."""
    return f"{HEAD}layers: [{{type: relu, repeat: 1000000}}]\n"


def repeated_stacks(size: int) -> str:
    """Repeats inside repeats, of layers that rules look at."""
    stack = (
        "{type: conv2d, out_channels: 8, kernel_size: 3, padding: 2, dilation: 2}, batch_norm2d,"
        " relu, {type: linear, out_features: 64}, {type: max_pool2d, kernel_size: 3, stride: 1,"
        " padding: 1}"
    )
    inner = f"{{type: sequential, repeat: 400, layers: [{stack}]}}"
    return f"{HEAD}layers: [{{type: sequential, repeat: 400, layers: [{inner}]}}]\n"


def repeated_growth(size: int) -> str:
    """Every turn sees another shape."""
    return (
        "input: [3, 1]\nlayers:\n"
        "  - {type: constant_pad1d, padding: [0, 1], value: 0, repeat: 300000}\n"
    )


def repeated_nesting(size: int) -> str:
    """A residual in a residual, as deep as YAML may nest, repeated."""
    inner = _nested(30, "[{type: residual, body: ", "[relu]", "}]")
    return f"{HEAD}layers: [{{type: sequential, repeat: 10000, layers: {inner}}}]\n"


def parallel_nesting(size: int) -> str:
    """Branches in branches: twice as many at each level."""
    text = "relu"
    for _ in range(14):
        text = f"{{type: parallel, merge: add, branches: [[{text}], [{text}]]}}"
    return f"{HEAD}layers: [{text}]\n"


def blocks_on_blocks(size: int) -> str:
    """Each block uses the one before it twice: 2^n layers."""
    return _filled(
        size,
        f"{HEAD}layers: [b60]\nblocks:\n  b0: {{layers: [relu]}}\n",
        lambda n: f"  b{n + 1}: {{layers: [b{n}, b{n}]}}\n" if n < 60 else " " * size,
    )


def empty_blocks(size: int) -> str:
    """The same without a single layer at the end."""
    return blocks_on_blocks(size).replace("[relu]", "[]")


def many_blocks(size: int) -> str:
    """Each block uses the one before it once."""
    head = f"{HEAD}layers: [b900]\nblocks:\n  b0: {{layers: [relu]}}\n"
    return _filled(size, head, lambda n: f"  b{n + 1}: {{layers: [b{n}]}}\n")


def false_conditions(size: int) -> str:
    """Layers that do not run, each with a name."""
    return _layers(size, lambda n: f"  - {{type: relu, name: n{n}, when: {n} > {n}}}\n")


def expectations(size: int) -> str:
    """An ``expect`` that does not hold at every layer."""
    return _layers(size, lambda n: f"  - {{type: relu, expect: [{n}, _, 1]}}\n")


def wide_expectation(size: int) -> str:
    """One ``expect`` of very many axes."""
    return f"{HEAD}layers:\n  - {{type: relu, expect: [{'1, ' * (size // 3)}1]}}\n"


def many_outputs(size: int) -> str:
    """Pieces, each of them read."""
    head = "input: [100000, 1]\nlayers:\n  - {type: chunk, name: c, chunks: 100000}\n"
    return _filled(size, head, lambda n: f"  - {{type: relu, from: c.{n}}}\n")


def unsized(size: int) -> str:
    """Windows that leave cells unread, on axes as long as they may be."""
    head = "input: [3, 16000000, 9007199254740]\nlayers:\n"
    line = "  - {{type: conv2d, out_channels: 3, kernel_size: 1, stride: [1, 2], padding: {}}}\n"
    return _filled(size, head, lambda n: line.format(n))


def long_axis(size: int) -> str:
    """The same, each time another size."""
    head = "input: [3, 16000000]\nlayers:\n"
    line = "  - {{type: conv1d, out_channels: 3, kernel_size: 3, stride: 2, padding: {}}}\n"
    return _filled(size, head, lambda n: line.format(8_000_000 + n))


def flow_sequence(size: int) -> str:
    """One list of very many numbers."""
    return f"{HEAD}layers: [{{type: reshape, shape: [{'1,' * (size // 2)}1]}}]\n"


def flow_layers(size: int) -> str:
    """One line of very many layers."""
    return f"{HEAD}layers: [{'relu,' * (size // 5)}]\n"


def wrong_types(size: int) -> str:
    """A list of what is no layer."""
    return f"{HEAD}layers: [{'1,' * (size // 2)}]\n"


def deep_lists(size: int) -> str:
    """Nested as deep as it may be, again and again."""
    deep = _nested(96, "[", "", "]")
    return _filled(size, f"{HEAD}layers: [", lambda _: deep + ",", "]\n")


def too_deep(size: int) -> str:
    """Brackets alone."""
    return "[" * size


def too_deep_blocks(size: int) -> str:
    """Dashes alone."""
    return "- " * (size // 2)


def huge_scalar(size: int) -> str:
    """One word."""
    return f"{HEAD}layers: [{'a' * size}]\n"


def huge_expression(size: int) -> str:
    """One expression."""
    return f"{HEAD}layers: [{{type: dropout, p: {'1+' * (size // 2)}1}}]\n"


def huge_name(size: int) -> str:
    """A name as long as the file, and what reads it."""
    name = "a" * (size // 3)
    layers = f"[{{type: x, name: {name}}}, {{type: add, from: {name}}}]"
    return f"name: {name[:99]}\n{HEAD}layers: {layers}\n"


def huge_line(size: int) -> str:
    """Many findings in one line."""
    return f"{HEAD}layers: [{'{type: relu, x: 1},' * (size // 19)}]\n"


def wide_aliases(size: int) -> str:
    """An anchor of 100 nodes, used 900 times; small ones as often as there is room."""
    head = f"a: &a [{'1,' * 99}]\nb: &b 1\n{HEAD}layers: [relu]\nc: [{'*a, ' * 900}]\n"
    return _filled(size, head + "d:\n", lambda _: "  - *b\n")


def aliased_layers(size: int) -> str:
    """A layer that is written once and used as often as aliases may be."""
    layer = "{type: conv2d, out_channels: 3, kernel_size: 1, in_channels: 4}"
    head = f"{HEAD}layers:\n  - &a {layer}\n"
    return _filled(size, head, lambda n: "  - *a\n" if n < 11_000 else " " * size)


def alias_bomb(size: int) -> str:
    """Each anchor ten times the one before."""
    return _filled(
        size,
        "a0: &a0 [x]\n",
        lambda n: f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n",
    )


def many_anchors(size: int) -> str:
    """An anchor in every line."""
    return _filled(size, HEAD + "layers: [relu]\nx:\n", lambda n: f"  - &a{n} b\n")


def many_documents(size: int) -> str:
    """As many models as there is room for."""
    return _filled(size, "", lambda _: "---\ninput: [1]\nlayers: [relu]\n")


def shared_documents(size: int) -> str:
    """A document for all models, and many of them."""
    shared = _filled(size // 2, "vars:\n", lambda n: f"  a{n}: {n}\n")
    return _filled(size, shared, lambda _: "---\ninput: [1]\nlayers: [rexu, {type: x, y: b}]\n")


def duplicate_keys(size: int) -> str:
    """The same key in every line."""
    return _filled(size, HEAD + "layers: [relu]\n", lambda _: "a: 1\n")


def many_keys(size: int) -> str:
    """Unknown keys of a model."""
    return _filled(size, HEAD + "layers: [relu]\n", lambda n: f"layerx{n}: 1\n")


def many_inputs(size: int) -> str:
    """Inputs, and one layer that reads all of them."""
    names = _filled(size * 2 // 3, "inputs:\n", lambda n: f"  i{n}: [1, 2]\n")
    listed = ", ".join(f"i{n}" for n in range(names.count("\n") - 1))
    return f"{names}layers: [{{type: concat, from: [{listed}]}}]\n"


def many_suppressions(size: int) -> str:
    """A comment in every line."""
    return _layers(size, lambda n: f"  - rexu{n} # shapecalc: ignore[SC201]\n")


def open_comments(size: int) -> str:
    """Comments in one line, none of them closed."""
    return f"{HEAD}layers: [relu] {'# shapecalc: ignore[ ' * (size // 21)}\n"


def closed_comments(size: int) -> str:
    """Comments in one line, each of which might go on to its end."""
    return f"{HEAD}layers: [relu] {'# shapecalc: ignore[SC1, ' * (size // 25)}]\n"


def idle_comments(size: int) -> str:
    """Comments in one line, none of which silences anything."""
    return f"{HEAD}layers: [relu] {'# shapecalc: ignore[SC301] ' * (size // 27)}\n"


def file_comments(size: int) -> str:
    """Comments for the file, and findings that they might silence."""
    comments = "# shapecalc: ignore-file[SC303]\n" * (size // 64)
    return _filled(size, f"{comments}{HEAD}layers:\n", lambda _: "  - relu\n")


def line_comments(size: int) -> str:
    """A line of findings, and as many comments that might silence them."""
    layers, comments = "relu," * (size // 10), "# shapecalc: ignore[SC303] " * (size // 54)
    return f"{HEAD}layers: [{layers}] {comments}\n"


def idle_layers(size: int) -> str:
    """A comment at each of many layers that do not run."""
    line = "  - {type: relu, when: 1 > 2} # shapecalc: ignore[SC301]\n"
    return _layers(size, lambda _: line)


def comments_and_models(size: int) -> str:
    """Models with wishes of their own, and comments of which each model is asked."""
    models = f"---\n{HEAD}layers: [relu]\nlint: {{ignore: [SC2]}}\n" * (size // 1_100)
    return _filled(size, models, lambda _: "# shapecalc: ignore[SC301]\n")


def wrong_codes(size: int) -> str:
    """One comment with very many codes that there are not."""
    return f"{HEAD}layers: [relu]\n# shapecalc: ignore[{'SC201x,' * (size // 7)}]\n"


def shared_ignores(size: int) -> str:
    """A block of useless wishes that many models share."""
    layer = f"      - {{type: tanh, ignore: [{', '.join(['SC301'] * 40)}]}}\n"
    shared = "blocks:\n  u:\n    layers:\n" + layer * (size // 10_000)
    return shared + f"---\n{HEAD}layers: [u]\n" * (size // 3_400)


def directives(size: int) -> str:
    """A directive in every line."""
    return _filled(size, "", lambda n: f"%TAG !{n:x}! a\n", "--- a\n")


def wide_parallel(size: int) -> str:
    """Very many branches."""
    branches = "[relu]," * (size // 8)
    return f"{HEAD}layers: [{{type: parallel, merge: concat, branches: [{branches}]}}]\n"


def wrong_models(size: int) -> str:
    """Models of which each has nearly as many findings, and fixes, as a file may have."""
    line = "  - {{type: conv2d, in_channels: {}, out_channels: 3, kernel_size: 1}}\n"
    layers = "".join(line.format(n + 4) for n in range(900))
    return _filled(size, "", lambda n: f"---\nname: m{n}\n{HEAD}layers:\n{layers}")


def many_ignores(size: int) -> str:
    """An ``ignore`` of many codes at every layer."""
    codes = ", ".join(["SC201", "SC3", "SC999"] * 20)
    return _layers(size, lambda _: f"  - {{type: relu, ignore: [{codes}]}}\n")


def disputes(size: int) -> str:
    """Declared sizes that all differ from the computed ones."""
    line = "  - {{type: conv2d, in_channels: {}, out_channels: 3, kernel_size: 1}}\n"
    return _layers(size, lambda n: line.format(n + 4))


def uneven_sizes(size: int) -> str:
    """A finding of a rule at every layer, and readers that are looked at together."""
    line = "  - {{type: avg_pool2d, kernel_size: 2, stride: 3, from: input, name: n{}}}\n"
    return _layers(size, line.format, "input: [3, 65, 65]\n")


def typical(size: int) -> str:
    """What is usual, but for its length."""
    line = (
        "  - {{type: conv2d, out_channels: {}, kernel_size: 3, padding: 1, bias: false}}\n"
        "  - batch_norm2d\n  - relu\n"
    )
    return _layers(size, lambda n: line.format(n % 500 + 1))


CASES: dict[str, Callable[[int], str]] = {
    name: case
    for name, case in list(globals().items())
    if callable(case) and getattr(case, "__module__", "") == __name__ and not name.startswith("_")
}
