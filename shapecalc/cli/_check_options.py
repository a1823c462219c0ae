"""The options of ``shapecalc check``, and how their words become settings."""

from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.render._columns import COLUMNS, DEFAULT

if TYPE_CHECKING:
    from shapecalc.budget import Limit
    from shapecalc.costs.setting import Setting
    from shapecalc.selection import Selection

#: The output formats: the modules of ``render``, which is not imported for that.
FORMATS = sorted(
    module.name
    for module in iter_modules([str(Path(__file__).parents[1] / "render")])
    if not module.name.startswith("_")
)

_SPEC, _RULES, _BUDGET = "Other sizes", "Rules", "Budgets (5M, 1.2G, 200MiB)"
_COSTS = "Costs: memory and time (with any of these they are shown)"
_OUTPUT, _FIXES, _CONFIG = "Output", "Fixes and baseline", "Configuration"

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Specs, folders of them, or - for standard input.",
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Replace a value of `vars`, or give one of `dims` a number; repeatable.",
        rich_help_panel=_SPEC,
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]SHAPE",
        help="Replace an input's shape: 3x128x128; NAME is an input or a model; repeatable.",
        rich_help_panel=_SPEC,
    ),
]

Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="CODES",
        help="Report these rules and no others: codes (SC201), prefixes (SC3), names, ALL; "
        "comma-separated, repeatable. What keeps a spec from being read is always reported.",
        rich_help_panel=_RULES,
    ),
]
ExtendSelect = Annotated[
    list[str] | None,
    typer.Option(
        "--extend-select", metavar="CODES", help="Report these too.", rich_help_panel=_RULES
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="CODES",
        help="Do not report these. Of two that match, the longer decides.",
        rich_help_panel=_RULES,
    ),
]
Severities = Annotated[
    list[str] | None,
    typer.Option(
        "--severity",
        metavar="CODE=LEVEL",
        help="Another severity for rules: SC201=error (error, warning, note); repeatable.",
        rich_help_panel=_RULES,
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Fail on warnings too.", rich_help_panel=_RULES)
]
ExitZero = Annotated[
    bool,
    typer.Option("--exit-zero", help="Exit with 0 whatever is found.", rich_help_panel=_RULES),
]

Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help=f"One of {', '.join(FORMATS)}.  [default: table]",
        rich_help_panel=_OUTPUT,
    ),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the report of the --format before it there; - and what has none go to "
        "standard output.",
        rich_help_panel=_OUTPUT,
    ),
]
Notes = Annotated[
    bool,
    typer.Option(
        "--notes", help="List notes, rather than only count them.", rich_help_panel=_OUTPUT
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Only what was found, no tables.", rich_help_panel=_OUTPUT),
]
Statistics = Annotated[
    bool,
    typer.Option(
        "--statistics",
        help="Only how often each rule was broken (as a table or json).",
        rich_help_panel=_OUTPUT,
    ),
]
Depth = Annotated[
    int | None,
    typer.Option(
        "--depth",
        min=1,
        metavar="N",
        help="Levels of blocks that the table shows.",
        rich_help_panel=_OUTPUT,
    ),
]
Unfold = Annotated[
    bool,
    typer.Option("--unfold", help="Show every row of the table.", rich_help_panel=_OUTPUT),
]
Weights = Annotated[
    bool,
    typer.Option(
        "--weights",
        help="Show the weights of each layer in the table: name, shape, size.",
        rich_help_panel=_OUTPUT,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="NAMES",
        help="The columns of tables (of csv, markdown and latex too): all, or names out of "
        f"{', '.join(column.name for column in COLUMNS)}; +macs,exact adds to those shown anyway.  "
        f"[default: {','.join(DEFAULT)}]",
        rich_help_panel=_OUTPUT,
    ),
]
Sort = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMN",
        help="Layers with the largest figure first, rather than as they run.",
        rich_help_panel=_OUTPUT,
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        "--top",
        min=1,
        metavar="N",
        help="Only the N layers with the largest figure.  [default: of the first column]",
        rich_help_panel=_OUTPUT,
    ),
]
SummaryOnly = Annotated[
    bool,
    typer.Option("--summary-only", help="Only the totals of the tables.", rich_help_panel=_OUTPUT),
]

Fix = Annotated[
    bool,
    typer.Option("--fix", help="Correct in the files what is certain.", rich_help_panel=_FIXES),
]
Diff = Annotated[
    bool,
    typer.Option(
        "--diff",
        help="Show what --fix would change, and change nothing; exit with 1 if that is anything.",
        rich_help_panel=_FIXES,
    ),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Do not report what this file lists.",
        rich_help_panel=_FIXES,
    ),
]
WriteBaseline = Annotated[
    Path | None,
    typer.Option(
        "--write-baseline",
        metavar="FILE",
        help="List all that is found in this file, and exit with 0.",
        rich_help_panel=_FIXES,
    ),
]

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Use this configuration, not the nearest shapecalc.toml or pyproject.toml.",
        rich_help_panel=_CONFIG,
    ),
]
ForceExclude = Annotated[
    bool,
    typer.Option(
        "--force-exclude",
        help="Leave out what the configuration excludes even where it is named: pre-commit names "
        "every file.",
        rich_help_panel=_CONFIG,
    ),
]
Isolated = Annotated[
    bool, typer.Option("--isolated", help="Use no configuration.", rich_help_panel=_CONFIG)
]


Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=1,
        help="Check on so many processes.  [default: one a core; for little work one]",
    ),
]


Batch = Annotated[
    int | None,
    typer.Option(
        "--batch", min=1, metavar="N", help="For so many samples.", rich_help_panel=_COSTS
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        "--optimizer",
        metavar="NAME",
        help="In training with sgd, momentum, adam or adamw; else at inference.",
        rich_help_panel=_COSTS,
    ),
]
Dtype = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        metavar="DTYPE",
        help="In numbers of float32, bfloat16, float16 or int8.",
        rich_help_panel=_COSTS,
    ),
]
Autocast = Annotated[
    bool,
    typer.Option(
        "--autocast",
        help="Mixed precision: only the layers that gain from it compute in --dtype, parameters "
        "stay float32.",
        rich_help_panel=_COSTS,
    ),
]
Room = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="BYTES",
        help="The largest batch that fits into so much: 24GiB.",
        rich_help_panel=_COSTS,
    ),
]
DeviceName = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help="The least time on a device (a100, h100, v100, t4, rtx4090, or FILE.toml:NAME).",
        rich_help_panel=_COSTS,
    ),
]


def _limit(figure: str, help: str) -> Any:
    option = f"--max-{figure.replace('_', '-')}"
    return typer.Option(option, metavar="AMOUNT", help=help, rich_help_panel=_BUDGET)


MaxParams = Annotated[str | None, _limit("params", "Most parameters of a model.")]
MaxTrainableParams = Annotated[
    str | None, _limit("trainable_params", "Most parameters that are trained.")
]
MaxMacs = Annotated[str | None, _limit("macs", "Most multiply-accumulates for one sample.")]
MaxElementOps = Annotated[
    str | None, _limit("element_ops", "Most element operations for one sample.")
]
MaxMemory = Annotated[
    str | None, _limit("memory", "Most bytes of parameters, buffers and live tensors, in float32.")
]
MaxTrainingMemory = Annotated[
    str | None, _limit("training_memory", "Most bytes in training with Adam, for one sample.")
]
MaxLayers = Annotated[str | None, _limit("layers", "Most layers.")]
MaxDepth = Annotated[str | None, _limit("depth", "Most layers on one path.")]
MaxLayerParams = Annotated[str | None, _limit("layer_params", "Most parameters of any layer.")]
MaxLayerMacs = Annotated[
    str | None, _limit("layer_macs", "Most multiply-accumulates of any layer.")
]
MaxDenseShare = Annotated[
    str | None, _limit("dense_share", "Most of the parameters in one dense layer (SC313): 60%.")
]


def selection(
    select: list[str] | None,
    extend_select: list[str] | None,
    ignore: list[str] | None,
    severities: list[str] | None,
) -> "Selection":
    """What the options select; wrong usage for unknown codes."""
    from shapecalc.selection import Selection

    return Selection(
        _codes(select, "--select") if select else None,
        _codes(extend_select, "--extend-select"),
        _codes(ignore, "--ignore"),
        dict(part for text in severities or [] for part in _severity(text).items()),
    )


def _codes(texts: list[str] | None, option: str) -> tuple[str, ...]:
    from shapecalc.selection import UnknownCodeError, read_codes

    words = [word for text in texts or [] for word in text.split(",") if word.strip()]
    if texts and not words:
        raise _wrong("No code is given.", option)
    try:
        return read_codes(words)
    except UnknownCodeError as error:
        raise _wrong(f"{error}: {_sentence(error.help)}", option) from None


def _severity(text: str) -> Any:
    from shapecalc.diagnostics import Severity
    from shapecalc.selection import UnknownCodeError, read_severities

    code, equals, level = text.partition("=")
    levels = [str(severity) for severity in Severity]
    if not equals or level.strip().lower() not in levels:
        raise _wrong(f"{text!r} is not CODE=LEVEL with one of {', '.join(levels)}.", "--severity")
    try:
        return read_severities({code: level.strip().lower()})
    except UnknownCodeError as error:
        raise _wrong(f"{error}: {_sentence(error.help)}", "--severity") from None


def limits(**amounts: str | None) -> "dict[str, Limit]":
    """The limits that the options set; wrong usage for an amount that cannot be read."""
    from shapecalc.budget import AmountError, Limit, parse_amount

    found = {}
    for figure, text in amounts.items():
        if text is not None:
            option = f"--max-{figure.replace('_', '-')}"
            try:
                found[figure] = Limit(parse_amount(figure, text), text, None, option)
            except AmountError as error:
                raise _wrong(f"{error}: {_sentence(error.help)}", option) from None
    return found


def costs(
    batch: int | None,
    optimizer: str | None,
    dtype: str | None,
    autocast: bool,
    memory: str | None,
    device: str | None,
) -> "Setting | None":
    """What costs are counted for; ``None`` where nothing of it is said; wrong usage for what there
    is not."""
    if not (batch or optimizer or dtype or autocast or memory or device):
        return None
    from shapecalc.budget import AmountError, parse_amount
    from shapecalc.costs.devices import DeviceError, find_device
    from shapecalc.costs.setting import DTYPES, OPTIMIZERS, Setting, SettingError

    kind = _one_of(dtype or ("bfloat16" if autocast else "float32"), DTYPES, "--dtype")
    trainer = _one_of(optimizer, OPTIMIZERS, "--optimizer") if optimizer else None
    try:
        room = parse_amount("memory", memory) if memory else None
        runs_on = find_device(device) if device else None
        return Setting(batch or 1, kind, autocast, trainer, room, runs_on)  # type: ignore[arg-type]
    except AmountError as error:
        raise _wrong(f"{error}: {error.help}.", "--memory") from None
    except DeviceError as error:
        raise _wrong(f"{error}.", "--device") from None
    except SettingError as error:
        raise _wrong(f"{error}.", "--autocast" if autocast else "--dtype") from None


def _one_of(word: str, words: "tuple[str, ...]", option: str) -> str:
    if word not in words:
        raise _wrong(f"{word!r} is none of {', '.join(words)}.", option)
    return word


def assignments(texts: list[str] | None) -> dict[str, Any]:
    """``NAME=VALUE`` as values of ``vars``; wrong usage for anything else."""
    from shapecalc.spec.expressions import ExpressionError
    from shapecalc.spec.source import resolve_scalar
    from shapecalc.spec.values import compile_value, whole

    found = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise _wrong(f"{text!r} is not NAME=VALUE.", "--set")
        try:
            template = compile_value(resolve_scalar(value.strip()), words=True)
            found[name.strip()] = whole(template.evaluate({}))
        except (ExpressionError, OverflowError) as error:
            raise _wrong(f"{text!r}: {error}", "--set") from None
    return found


def input_shapes(texts: list[str] | None) -> dict[str, tuple[int, ...]]:
    """``[NAME=]SHAPE`` as shapes by name; wrong usage for anything else."""
    from shapecalc.config import parse_inputs

    try:
        return {name: shape for text in texts or [] for name, shape in parse_inputs(text).items()}
    except ValueError as error:
        raise _wrong(f"{error}.", "--input") from None


def columns(words: list[str] | None) -> tuple[str, ...] | None:
    """The columns that ``--columns`` names; wrong usage where there is no such column."""
    from shapecalc.render._columns import ColumnError, read_names

    if words is None:
        return None
    try:
        return read_names(name for word in words for name in word.split(",") if name.strip())
    except ColumnError as error:
        raise _wrong(f"{error}", "--columns") from None


def sort(word: str | None) -> str | None:
    """The column that ``--sort`` names; wrong usage where rows cannot be sorted by it."""
    from shapecalc.render._columns import ColumnError, read_sort

    try:
        return None if word is None else read_sort(word.strip())
    except ColumnError as error:
        raise _wrong(f"{error}", "--sort") from None


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _wrong(message: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=f"'{option}'")
