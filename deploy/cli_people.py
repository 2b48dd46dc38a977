"""The commands about people: users, sessions, and erasing what is personal. The others are in `cli`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from deploy.cli_keeping import settings_of as _settings

PersonRole = Literal["viewer", "dispatcher", "operations", "administrator"]
"""The roles of people, named here so that the command starts without loading a room; a test compares."""

users = typer.Typer(help="People who sign in to the console. Example: lamplighter users list", no_args_is_help=True)
sessions = typer.Typer(
    help="Who is signed in to the console now. Example: lamplighter sessions list", no_args_is_help=True
)


@users.command("create")
def users_create(
    user: Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with: 2 to 40 of a-z 0-9 . _ -")],
    name: Annotated[str, typer.Option(help="What the person is called.")],
    role: Annotated[PersonRole, typer.Option(help="What the person may do.")],
) -> None:
    """Make a user with a drawn password. It is printed once, and must be changed at the first sign-in.

    Example: lamplighter users create k.meyer --name "Kim Meyer" --role dispatcher
    """
    from deploy import people

    raise typer.Exit(people.create_user(_settings("users"), user, name, role))


@users.command("list")
def users_list() -> None:
    """List the users, with role, state and when each was last seen.

    Example: lamplighter users list
    """
    from deploy import people

    raise typer.Exit(people.list_users(_settings("users")))


@users.command("set")
def users_set(
    user: Annotated[str, typer.Argument(metavar="NAME", help="The name that the user signs in with.")],
    role: Annotated[PersonRole | None, typer.Option(help="What the person may do from now on.")] = None,
    name: Annotated[str | None, typer.Option(help="What the person is called from now on.")] = None,
    disable: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether the user is kept out.")] = None,
    unlock: Annotated[bool, typer.Option("--unlock", help="Forget the user's wrong passwords.")] = False,
    new_password: Annotated[bool, typer.Option("--new-password", help="Draw a new password, printed once.")] = False,
) -> None:
    """Change a user. A new role or password, and --disable, end the sessions of the user. Nobody is ever deleted.

    Example: lamplighter users set k.meyer --new-password --unlock
    """
    from deploy import people
    from services.access.people import Change
    from services.access.who import Role

    change = Change(
        name=name,
        role=None if role is None else Role(role),
        disabled=disable,
        unlock=unlock,
        new_password=new_password,
    )
    raise typer.Exit(people.change_user(_settings("users"), user, change))


@sessions.command("list")
def sessions_list() -> None:
    """List the open sessions of people and crews, the newest first.

    Example: lamplighter sessions list
    """
    from deploy import people

    raise typer.Exit(people.list_sessions(_settings("sessions")))


@sessions.command("end")
def sessions_end(session: Annotated[str, typer.Argument(help="The id that `sessions list` gives.")]) -> None:
    """End a session: whoever has it must sign in again.

    Example: lamplighter sessions end 0123456789abcdef
    """
    from deploy import people

    raise typer.Exit(people.end_session(_settings("sessions"), session))


def erase_personal(
    apply: Annotated[bool, typer.Option("--apply", help="Erase it; else only what would be erased is shown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
) -> None:
    """Erase phone numbers, contacts and customers' words older than the setting personal_retention_days.

    What was decided and measured stays. Example: lamplighter erase-personal --apply
    """
    from deploy import people

    raise typer.Exit(people.erase_personal(_settings("erase-personal"), apply=apply, as_json=as_json))
