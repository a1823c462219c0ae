"""The program around the commands: finding them, global options, and how a run may end."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from shapecalc import __version__
from shapecalc.cli import _terminal

if TYPE_CHECKING:
    from types import ModuleType

    from typer._click import Command, Context, HelpFormatter

#: Exit codes besides 0 (nothing wrong) and 1 (findings).
USAGE = 2
#: An internal error is no finding: nothing was found out. Like ruff, we exit as for wrong usage.
INTERNAL = 2
#: As a shell reports a program that SIGINT or SIGPIPE ended.
INTERRUPTED = 130
BROKEN_PIPE = 141

#: So many new objects are worth a look for what can be dropped. What we make is nearly all kept:
#: with Python's 700 that costs a quarter of the time of a folder.
GARBAGE = 100_000

#: Where a command finds the names of its parameters in the order in which they were written.
WRITTEN = "shapecalc.written"

SETTINGS = {"help_option_names": ["--help", "-h"], "max_content_width": 100}


def command_names() -> list[str]:
    """The commands: this package's modules without a leading underscore, dashes for underscores."""
    from pkgutil import iter_modules

    from shapecalc import cli

    names = (module.name for module in iter_modules(cli.__path__))
    return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))


def command_module(name: str) -> "ModuleType | None":
    """Import the module of a command; ``None`` where there is none of that name."""
    module = f"shapecalc.cli.{name.replace('-', '_')}"
    if not name.replace("-", "").isalnum() or name.startswith("-"):
        return None
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None


class PanelCommand(TyperCommand):
    """A command whose help lists its options by panel, and that knows their order."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        order = self.make_parser(ctx).parse_args(args=list(args))[2] if args else []
        ctx.meta[WRITTEN] = [param.name for param in order]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                default = "Arguments" if param.param_type_name == "argument" else "Options"
                panel = getattr(param, "rich_help_panel", None) or default
                panels.setdefault(panel, []).append(record)
        last = panels.pop("Options", [])
        for title, rows in [*panels.items(), ("Options", last)]:
            with formatter.section(title):
                formatter.write_dl(rows)


class CommandGroup(TyperGroup):
    """The commands of this package, each imported when it is asked for."""

    def list_commands(self, ctx: "Context") -> list[str]:
        return command_names()

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        if cmd_name not in self.commands:
            module = command_module(cmd_name)
            if module is None:
                return None
            self.commands[cmd_name] = self._build(cmd_name, module.command)
        return self.commands[cmd_name]

    def _build(self, name: str, function: Callable[..., int | None]) -> "Command":
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, cls=PanelCommand, context_settings=SETTINGS)(function)
        command = typer.main.get_command(app)
        # Whether --color stands before the command or after it is the same.
        command.params.extend(param for param in self.params if param.name == "color")
        return command

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> "tuple[str | None, Command | None, list[str]]":
        if self.get_command(ctx, args[0]) is None:
            ctx.fail(unknown_command(args[0]))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: "Context") -> NoReturn:
        try:
            code = super().invoke(ctx)
        except typer.BadParameter as error:
            # It may name what a spec holds.
            error.message = _terminal.escaped(error.message)
            raise
        raise typer.Exit(code or 0)

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """The commands by panel, each with the first line of its docstring."""
        panels: dict[str, list[tuple[str, str]]] = {}
        modules = [(name, command_module(name)) for name in self.list_commands(ctx)]
        for name, module in sorted(modules, key=lambda item: getattr(item[1], "ORDER", 1000)):
            panel = getattr(module, "PANEL", "Commands")
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panels.setdefault(panel, []).append((name, command.get_short_help_str(80)))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


def unknown_command(name: str) -> str:
    """What to say about a command that is not one, with what was probably meant."""
    from difflib import get_close_matches

    if name.endswith((".yaml", ".yml")) or os.path.isdir(name):
        return f"There is no command {name!r}. To check a spec: shapecalc check {name}"
    near = get_close_matches(name, command_names(), n=1)
    return f"There is no command {name!r}." + (f" Did you mean {near[0]!r}?" if near else "")


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        _terminal.print_out(f"shapecalc {__version__}")
        raise typer.Exit


def set_color(mode: _terminal.ColorMode | None) -> None:
    """Take ``--color`` over; left out, it changes nothing."""
    if mode is not None:
        _terminal.color_mode.set(mode)


def shapecalc(
    color: Annotated[
        _terminal.ColorMode | None,
        typer.Option(
            callback=set_color,
            expose_value=False,
            is_eager=True,
            help="Colour the output; auto: on a terminal, unless NO_COLOR is set.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """The type checker for neural-network architectures.

    Exit codes: 0 nothing wrong, 1 something was found, 2 used wrongly.
    """


def build() -> "Command":
    """The whole program, as typer runs it."""
    app = typer.Typer(
        cls=CommandGroup,
        add_completion=False,
        rich_markup_mode=None,
        context_settings=SETTINGS,
        no_args_is_help=True,
    )
    app.callback()(shapecalc)
    return typer.main.get_command(app)


def main(args: Sequence[str] | None) -> NoReturn:
    """Run, and exit with a code: never with a traceback."""
    gc.set_threshold(GARBAGE)
    _terminal.color_mode.set("auto")
    _terminal.prepare_streams()
    try:
        code = run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Nobody reads on (`| head`): whatever is still in the buffer must go nowhere at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    sys.exit(code)


def run(args: Sequence[str] | None) -> Any:
    """The exit code of a run; a bug becomes one line."""
    try:
        build().main(args=args, prog_name="shapecalc")
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None
        return stop.code
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("SHAPECALC_DEBUG"):
            raise
        report_bug(error)
        return INTERNAL


def report_bug(error: Exception) -> None:
    """One line about an exception that should not have come this far."""
    from shapecalc.diagnostics import describe_bug

    _terminal.print_error(describe_bug(error))
