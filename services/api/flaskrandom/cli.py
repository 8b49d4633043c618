"""`flask strings --length 20 --count 5`: the same core at a terminal, a command for each kind of value.

Options are the fields of the specs, with dashes for underscores. Values go to standard output, a line
each; what is wrong goes to standard error with exit code 2.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import click
import msgspec
from flask import Flask

from . import core
from .annotations import Fields, Schema, field_schemas
from .config import Config
from .kinds import KINDS, Kind, stream_limits


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
            click.echo(msgspec.json.encode(figures))
            return
        for chunk in plan.chunks(spec.count, spec.format):
            sys.stdout.buffer.write(chunk)

    options: list[click.Parameter] = [_parameter(*named) for named in field_schemas(request).items()]
    options.append(click.Option(["--estimate"], is_flag=True, help="Say how strong the values would be; draw none."))
    return click.Command(kind.name, callback=run, params=options, help=kind.summary + ".")


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
