"""The command line. Each command reads the settings and calls one function of a room, which it imports only then."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy import cli_estimates, cli_people, cli_texts
from deploy.cli_keeping import commands as keeping_commands
from deploy.cli_keeping import settings_of as _settings
from services.settings import SettingsError, has_display

Storm = Literal["tiny", "small", "large", "calm"]
"""The storms there are, named here so that the command starts without loading the drill; a test compares."""

MISTAKE = 2  # exit code when the command could not begin: wrong settings, a part that cannot be started

app = typer.Typer(
    name="lamplighter",
    help="Power outages of a utility: what is heard, what has failed, who repairs it, what customers are told.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
parked = typer.Typer(
    help="Messages that could not be decoded or placed. Example: lamplighter parked list", no_args_is_help=True
)
app.add_typer(parked, name="parked")
reports = typer.Typer(
    help="Reports, each in a named state. Example: lamplighter reports list --state unknown", no_args_is_help=True
)
app.add_typer(reports, name="reports")
keys = typer.Typer(
    help="Keys for those who speak to Lamplighter over HTTP. Example: lamplighter keys list", no_args_is_help=True
)
app.add_typer(keys, name="keys")
app.add_typer(keeping_commands)
app.add_typer(cli_people.users, name="users")
app.add_typer(cli_people.sessions, name="sessions")
app.add_typer(cli_estimates.estimates, name="estimates")
app.command("text-test")(cli_texts.text_test)
app.command("erase-personal")(cli_people.erase_personal)


def main() -> None:
    """Run the command that was asked for; say in words what kept it from beginning."""
    from deploy.parts import PartError

    try:
        app()
    except (SettingsError, PartError) as problem:
        print(f"lamplighter: {problem}", file=sys.stderr)
        sys.exit(MISTAKE)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:
        if (words := _in_words(problem)) is None:
            raise
        print(f"lamplighter: {words}", file=sys.stderr)
        sys.exit(MISTAKE)


def _in_words(problem: Exception) -> str | None:
    """Return which file or server cannot be used, and why; None for any other trouble, which is a mistake of ours."""
    from services.database.migrate import UnknownSchema
    from services.database.pool import UNUSABLE
    from services.drill.plans import UnplayableError
    from services.engine.clock import WrongInstance
    from streams.brokers import BrokerAway

    if isinstance(problem, BrokerAway | UnknownSchema | UnplayableError | WrongInstance):
        return str(problem)
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"{problem.filename} cannot be used: {problem.strerror}"
    if isinstance(problem, UNUSABLE):
        return f"PostgreSQL cannot be used ({type(problem).__name__}): {problem or 'it does not answer'}"
    return None


@app.command()
def demo(
    storm: Annotated[Storm, typer.Option(help="Which storm is played.")] = "small",
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="What chance draws from; the same seed gives the same storm.")
    ] = 1,
    utility: Annotated[Path | None, typer.Option(help="Utility folder; left out, the project's own example.")] = None,
    report: Annotated[Path | None, typer.Option(help="File that the figures are written to, as JSON.")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="No live view; as fast as all settles.")] = False,
    speed: Annotated[
        float, typer.Option(min=0.1, max=10_000, help="Simulated seconds per second, when watched.")
    ] = 30.0,
    browser: Annotated[bool, typer.Option(help="Open the console in your browser, where there is one.")] = True,
    stay: Annotated[
        bool | None, typer.Option(help="Run on when the storm is over, until Ctrl-C; left out, in a terminal.")
    ] = None,
) -> None:
    """Play a storm from end to end on real parts, and watch it in the browser and in the terminal.

    Example: lamplighter demo --headless --storm tiny --report tiny.json
    """
    from deploy.demo import play

    settings = _settings("demo")
    raise typer.Exit(
        play(
            settings,
            storm=storm,
            seed=seed,
            utility=utility,
            report=report,
            headless=headless,
            speed=speed,
            stay=not headless and (sys.stdin.isatty() if stay is None else stay),
            browser=browser and has_display(),
        )
    )


@app.command()
def up(
    refill_kafka: Annotated[
        bool,
        typer.Option("--refill-kafka", help="Fill up a Kafka that is new, or has lost its log, so that offsets go on."),
    ] = False,
) -> None:
    """Run everything that is configured, until Ctrl-C.

    Example: LAMPLIGHTER_POSTGRES_DSN=postgresql://user@db/lamplighter lamplighter up
    """
    from deploy.up import run

    raise typer.Exit(run(_settings("up"), refill_kafka=refill_kafka))


@app.command()
def migrate() -> None:
    """Bring the database to the newest version of its tables.

    Example: lamplighter migrate
    """
    from deploy import commands

    raise typer.Exit(commands.migrate(_settings("migrate")))


@app.command("import-utility")
def import_utility(
    folder: Annotated[Path, typer.Argument(help="Utility folder: CSV files of grid, customers, crews, accounts.")],
    apply: Annotated[bool, typer.Option("--apply", help="Take it in; else only what it changes is shown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Check a utility folder as a whole, name all its problems or show what it changes, and take it in as a new version.

    The first import is taken in at once, every other one with --apply. Example: lamplighter import-utility ./ours --apply
    """
    from deploy import utility

    raise typer.Exit(utility.import_utility(_settings("import-utility"), folder, apply=apply, as_json=as_json))


@app.command("import-history")
def import_history(
    path: Annotated[
        Path, typer.Argument(help="CSV file or folder: a list of outages, or the readings of an outage map.")
    ],
    utility: Annotated[str | None, typer.Option(help="Whose list it is; left out, the folder's name.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of times that name none, as America/New_York; left out, UTC.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Take outages of the past into a ledger of their own, where customers are counted, not named; twice adds nothing.

    Example: lamplighter import-history ./outages-2018 --utility our-coop --time-zone America/New_York
    """
    from deploy import history

    raise typer.Exit(
        history.import_history(_settings("import-history"), path, utility=utility, time_zone=time_zone, as_json=as_json)
    )


@app.command()
def audit(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Prove the promises on the data itself: each rule, the rows it checked, each violation with its ids.

    Example: lamplighter audit --json
    """
    from deploy import commands

    raise typer.Exit(commands.audit(_settings("audit"), as_json=as_json))


@app.command()
def replay(
    network: Annotated[
        Path | None, typer.Option(help="Utility folder: what is inferred on its grid, without an installation.")
    ] = None,
    reports: Annotated[
        Path | None, typer.Option(help="With --network: file of events, one JSON object on a line, as on the topics.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="With --network: the time up to which is heard, as 2026-03-01T18:00.")
    ] = None,
) -> None:
    """Decide every stored fact again, without Kafka, and compare with what was decided, byte for byte.

    With --network, --reports and --at: print as JSON the incidents that are inferred from a list of reports.
    Example: lamplighter replay --network ./ours --reports calls.jsonl --at 2026-03-01T18:00
    """
    if network is not None and reports is not None and at is not None:
        from deploy import desk

        raise typer.Exit(desk.replay(network, reports, at))
    if (network, reports, at) != (None, None, None):
        raise typer.BadParameter("--network, --reports and --at belong together")
    from deploy import commands

    raise typer.Exit(commands.replay(_settings("replay")))


@app.command()
def figures(
    begins: Annotated[
        str | None,
        typer.Option("--from", help="Day or time at which the period begins, as 2026-03-01 or 2026-03-01T18:00."),
    ] = None,
    ends: Annotated[str | None, typer.Option("--until", help="Day or time before which the period ends.")] = None,
    feeder: Annotated[str | None, typer.Option(help="Only the customers of this feeder.")] = None,
    region: Annotated[str | None, typer.Option(help="Only the customers of this dispatch region.")] = None,
    tier: Annotated[str | None, typer.Option(help="Only the customers of this tier.")] = None,
    planned: Annotated[bool, typer.Option("--planned", help="Count planned work too.")] = False,
    opened: Annotated[bool, typer.Option("--open", help="With the customers' times behind the figures.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Print reliability indices and restoration times, for any period, feeder, region and tier.

    Example: lamplighter figures --from 2026-03-01 --until 2026-03-08 --feeder F1 --open
    """
    from deploy.figures import Asked
    from deploy.figures import figures as print_figures

    asked = Asked(
        begins=begins,
        ends=ends,
        feeder=feeder,
        region=region,
        tier=tier,
        planned=planned,
        opened=opened,
        as_json=as_json,
    )
    raise typer.Exit(print_figures(_settings("figures"), asked))


@parked.command("list")
def parked_list() -> None:
    """List what is parked, newest first, with its reason and origin.

    Example: lamplighter parked list
    """
    from deploy import commands

    raise typer.Exit(commands.parked_list(_settings("parked")))


@parked.command("show")
def parked_show(parked_id: Annotated[str, typer.Argument(help="The id that `parked list` gives.")]) -> None:
    """Show one parked message whole: reason, origin, headers and bytes.

    Example: lamplighter parked show 17
    """
    from deploy import commands

    raise typer.Exit(commands.parked_show(_settings("parked"), parked_id))


@parked.command("requeue")
def parked_requeue(parked_id: Annotated[str, typer.Argument(help="The id that `parked list` gives.")]) -> None:
    """Send one parked message to its topic once more.

    Example: lamplighter parked requeue 17
    """
    from deploy import commands

    raise typer.Exit(commands.parked_requeue(_settings("parked"), parked_id))


@reports.command("list")
def reports_list(
    state: Annotated[str | None, typer.Option(help="Only those in this state, as unknown or ambiguous.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """List reports with state and reason, newest first, and how many there are in each state. Phone numbers are masked.

    Example: lamplighter reports list --state unknown --json
    """
    from deploy import heard

    raise typer.Exit(heard.list_reports(_settings("reports"), state=state, limit=limit, as_json=as_json))


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Option(help="Who holds it, for people.")],
    scope: Annotated[
        list[str], typer.Option(help="What it may do, once for each: reports:write, maintenance:write, ...")
    ],
    account: Annotated[str | None, typer.Option(help="The hotline account that it belongs to.")] = None,
) -> None:
    """Make an access key. It is printed once, and cannot be shown again.

    Example: lamplighter keys create --name "call centre" --scope reports:write
    """
    from deploy import keys as keeping

    raise typer.Exit(keeping.create(_settings("keys"), name, scope, account))


@keys.command("list")
def keys_list() -> None:
    """List the access keys, without what would open anything.

    Example: lamplighter keys list
    """
    from deploy import keys as keeping

    raise typer.Exit(keeping.list_keys(_settings("keys")))


@keys.command("revoke")
def keys_revoke(key_id: Annotated[str, typer.Argument(help="The id that `keys list` gives.")]) -> None:
    """Let an access key be refused from now on.

    Example: lamplighter keys revoke 0123456789ab
    """
    from deploy import keys as keeping

    raise typer.Exit(keeping.revoke(_settings("keys"), key_id))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    bench_name: Annotated[str, typer.Argument(metavar="NAME", help="A file of tests/benchmarks, without .py.")],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the result, and write docs/benchmarks.md anew.")] = False,
) -> None:
    """Run a bench of the checkout; what follows its name is its own.

    Example: lamplighter bench chaos --storm tiny --runs 10 --json
    """
    from deploy import benches

    settings = _settings("bench")
    if settings.checkout is None:
        raise SettingsError("benches belong to a source checkout: run ./lamplighter bench there")
    raise typer.Exit(benches.run(settings.checkout, bench_name, list(context.args), keep=keep))


@app.command()
def doctor() -> None:
    """Look at every part this installation would use, and say in words what is wrong.

    Example: lamplighter doctor
    """
    from deploy.doctor import examine

    raise typer.Exit(examine())


@app.command()
def version() -> None:
    """Print the version.

    Example: lamplighter version
    """
    print(importlib.metadata.version("lamplighter"))
