"""`flask strings --length 20 --count 5`: a command for each kind of value.

Options are the fields of the specs, with dashes for underscores. Values go to standard output. Errors, and a progress
bar for large files, go to standard error.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import click
import msgspec
from flask import Flask

from . import core
from .annotations import Fields, Schema, field_schemas
from .config import Config
from .kinds import KINDS, Kind, examples, stream_limits

#: Fewest values of a file that show a progress bar on a terminal.
MANY = 100_000

#: Groups of options in `--help`. Options without a group come first.
GROUPS = {
    "Characters": "digits lower upper special special_chars alphabet exclude exclude_similar",
    "Constraints": "min_digits min_lower min_upper min_special first last max_repeat exclude_words exclude_profanity",
    "Form": "prefix suffix group separator checksum encoding capitalize number",
    "Codes that never repeat": "series offset",
    "Output": "format estimate _click_default_help",
}

EXIT_CODES = "Exit codes: 0 done, 1 nobody reads the output any more, 2 an option is wrong or no value is possible."


class KindCommand(click.Command):
    """A command with grouped options and examples in its help."""

    examples: Iterable[str] = ()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options group by group, then the examples."""
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Values", *GROUPS)}
        for parameter in self.get_params(ctx):
            title = next((title for title, names in GROUPS.items() if parameter.name in names.split()), "Values")
            if record := parameter.get_help_record(ctx):
                groups[title].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def _example(kind: Kind, fields: dict[str, Any]) -> str:
    words = ["flask", kind.name]
    for name, value in fields.items():
        option = _option(name)
        words += [option if value else f"--no-{option[2:]}"] if isinstance(value, bool) else [option, str(value)]
    return shlex.join(words)


def register(app: Flask, config: Config, series_key: bytes | None) -> None:
    """Add the commands to `app`, with the limits of `config`."""
    limits = stream_limits(config)
    for kind in KINDS:
        app.cli.add_command(_command(kind, limits, series_key))


def _command(kind: Kind, limits: core.Limits, series_key: bytes | None) -> click.Command:
    request, make_plan = kind.stream_request(limits), partial(core.plan, limits=limits, series_key=series_key)
    fields = Fields(request, make_plan)

    def run(estimate: bool, **values: Any) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        try:
            spec = fields.from_values(given)
            plan = make_plan(spec)
        except core.Invalid as invalid:
            wrong = [f"{_option(field)}: {message}" for field, message in invalid.errors]
            raise click.UsageError("\n".join(wrong)) from None
        if estimate:
            figures = {
                "entropy_bits": plan.entropy_bits,
                "collision_probability": plan.collision_probability(spec.count),
            }
            if plan.codes is not None:
                figures["size"] = plan.codes
            click.echo(msgspec.json.encode(figures))
            return
        watched = spec.count >= MANY and sys.stderr.isatty() and not sys.stdout.isatty()
        with click.progressbar(length=spec.count, label=kind.name, file=sys.stderr, hidden=not watched) as bar:
            for count, chunk in plan.counted_chunks(spec.count, spec.format):
                sys.stdout.buffer.write(chunk)
                bar.update(count)

    options: list[click.Parameter] = [_parameter(*named) for named in field_schemas(request).items()]
    options.append(click.Option(["--estimate"], is_flag=True, help="Say how strong the values would be; draw none."))
    command = KindCommand(kind.name, callback=run, params=options, help=kind.summary + ".", epilog=EXIT_CODES)
    command.examples = [_example(kind, fields) for fields in examples()[kind.name].values()]
    return command


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _parameter(name: str, schema: Schema) -> click.Option:
    option, default = _option(name), schema.get("default")
    about: dict[str, Any] = {
        "help": schema["description"],
        "default": default,
        "show_default": default not in (None, ""),
    }
    kind = schema.get("type")
    if kind == "boolean":
        return click.Option([f"{option}/--no-{option[2:]}", name], **about)
    if "enum" in schema:
        return click.Option([option, name], type=click.Choice(schema["enum"]), **about)
    return click.Option([option, name], type=int if kind == "integer" else str, **about)
