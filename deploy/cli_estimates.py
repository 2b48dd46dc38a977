"""The commands about estimates of when power is back. The others are in `cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli_keeping import settings_of as _settings

estimates = typer.Typer(
    help="How long restorations take, learnt from the past. Example: lamplighter estimates learn", no_args_is_help=True
)


@estimates.command("learn")
def estimates_learn(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Learn from the ledger and the orders now, and estimate by it from now on. Once a day this happens by itself.

    Example: lamplighter estimates learn
    """
    from deploy import estimates as learning

    raise typer.Exit(learning.learn(_settings("estimates"), as_json=as_json))


@estimates.command("show")
def estimates_show(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Show what estimates rest on: when it was learnt last, from how much, and how well it covered repairs not seen.

    Example: lamplighter estimates show
    """
    from deploy import estimates as learning

    raise typer.Exit(learning.show(_settings("estimates"), as_json=as_json))
