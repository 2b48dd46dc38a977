"""The commands about an installation that is kept: back-up, restore, what watches it. Part of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.settings import Settings, load_settings

commands = typer.Typer()


def settings_of(process: str) -> Settings:
    """Return the settings of a command, with its log set up."""
    from services.logs import configure_logs

    settings = load_settings()
    configure_logs(settings, process)
    return settings


@commands.command()
def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is written; an older one there is replaced.")],
) -> None:
    """Write the database, as it is at one moment, and the settings without secrets into one file; what runs goes on.

    Example: lamplighter backup /srv/backups/lamplighter.tar
    """
    from deploy import backup as keeping

    raise typer.Exit(keeping.backup(settings_of("backup"), path))


@commands.command()
def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="What `backup` wrote.")],
) -> None:
    """Put a back-up into a data folder that has no such database. Afterwards texts and calls are held until released.

    Example: lamplighter restore /srv/backups/lamplighter.tar
    """
    from deploy import backup as keeping

    raise typer.Exit(keeping.restore(settings_of("restore"), path))


@commands.command()
def targets() -> None:
    """Print where Prometheus finds the processes that run here, as JSON for its file_sd_configs.

    Example: lamplighter targets > /etc/prometheus/lamplighter.json
    """
    import json

    from deploy import installation

    print(json.dumps(installation.targets(settings_of("targets").data_dir), indent=1))


@commands.command()
def restored(
    release: Annotated[bool, typer.Option("--release", help="End the hold, when nothing is open any more.")] = False,
) -> None:
    """Say what Kafka has that a restored database lacks and what is open, or end the hold of texts and calls.

    Example: lamplighter restored --release
    """
    from deploy import backup as keeping

    raise typer.Exit(keeping.restored(settings_of("restored"), release=release))
