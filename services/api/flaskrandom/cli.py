"""`flask strings --length 20 --count 5`: a command for each kind of value.

Options are the fields of the specs, with dashes for underscores. Values go to standard output. Errors, and a progress
bar for large files, go to standard error.
"""

import shlex
import sys
from functools import partial
from typing import Any

import click
import msgspec
from flask import Flask

from . import __version__, core
from .annotations import Fields, Schema, field_schemas
from .config import Config
from .kinds import KINDS, Kind, examples, stream_limits

MANY = 100_000  # values: a file with so many shows a progress bar on a terminal

#: Groups of options in `--help`. Options without a group come first.
GROUPS = {
    "Characters": "digits lower upper special special_chars alphabet exclude exclude_similar",
    "Constraints": "min_digits min_lower min_upper min_special first last max_repeat exclude_words exclude_profanity",
    "Form": "prefix suffix group separator checksum encoding capitalize number",
    "Codes that never repeat": "series offset",
    "Output": "format estimate _click_default_help",
}
GROUP_OF = {name: title for title, names in GROUPS.items() for name in names.split()}

EXIT_CODES = "Exit codes: 0 done, 1 nobody reads the output any more, 2 an option is wrong or no value is possible."


class KindCommand(click.Command):
    """A command with grouped options and examples in its help."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Values", *GROUPS)}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                groups[GROUP_OF.get(parameter.name or "", "Values")].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
        with formatter.section("Examples"):
            for fields in examples()[str(self.name)].values():
                formatter.write(f"{'':{formatter.current_indent}}{_example(str(self.name), fields)}\n")


def _example(command: str, fields: dict[str, object]) -> str:
    words = ["flask", command]
    for name, value in fields.items():
        option = _option(name)
        words += [option if value else f"--no-{option[2:]}"] if isinstance(value, bool) else [option, str(value)]
    return shlex.join(words)


def register(app: Flask, config: Config, series_key: bytes | None) -> None:
    """Add the commands to `app`, with the limits of `config`."""
    for kind in KINDS:
        app.cli.add_command(_command(kind, config, series_key))
    version = partial(click.echo, f"flaskrandom {__version__}")
    app.cli.add_command(click.Command("version", callback=version, help="Print the version."))


def _command(kind: Kind, config: Config, series_key: bytes | None) -> click.Command:
    request = kind.stream_request(config)
    make_plan = partial(core.plan, limits=stream_limits(config), series_key=series_key)
    fields: Fields[Any] = Fields(request, make_plan)

    def run(estimate: bool, **values: object) -> None:
        source, default = click.get_current_context().get_parameter_source, click.core.ParameterSource.DEFAULT
        try:
            spec = fields.from_values({name: value for name, value in values.items() if source(name) is not default})
            plan = make_plan(spec)
        except core.Invalid as invalid:
            wrong = [f"{_option(field)}: {message}" for field, message in invalid.errors]
            raise click.UsageError("\n".join(wrong)) from None
        if estimate:
            collision = plan.collision_probability(spec.count)
            figures = {"entropy_bits": plan.entropy_bits, "collision_probability": collision}
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
    return KindCommand(kind.name, callback=run, params=options, help=kind.summary + ".", epilog=EXIT_CODES)


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _parameter(name: str, schema: Schema) -> click.Option:
    option, default = _option(name), schema.get("default")
    about = {"help": schema["description"], "default": default, "show_default": default not in (None, "")}
    kind = schema.get("type")
    if kind == "boolean":
        return click.Option([f"{option}/--no-{option[2:]}", name], **about)
    if "enum" in schema:
        return click.Option([option, name], type=click.Choice(schema["enum"]), **about)
    return click.Option([option, name], type=int if kind == "integer" else str, **about)
