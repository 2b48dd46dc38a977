"""The live view: a running drill in the terminal, as its database has it. It only looks, and nothing depends on it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from deploy.drawing import draw, one_line
from deploy.picture import Picture, take_picture
from services.database.pool import LOST, connect
from services.settings import Settings, SettingsError

LOOK_S = 0.5
LINE_EVERY_S = 5.0
ANSWER_S = 5.0
JOURNAL_LINES = 8


async def watch(settings: Settings, console: Console | None = None) -> None:
    """Show the drill until cancelled: a picture that changes, or a line every few seconds where there is no terminal.

    Whatever keeps it from reading is said, and reading tried again. Raises SettingsError when no database is named.
    """
    if settings.postgres_dsn is None:
        raise SettingsError("the live view needs a database: postgres_dsn is not set")
    dsn = settings.postgres_dsn.get_secret_value()
    console = console or Console()
    surface: _Surface = _Screen(console) if console.is_terminal and not console.is_dumb_terminal else _Lines(console)
    picture: Picture | None = None
    connection = None
    with surface:
        try:
            while True:
                trouble = None
                try:
                    async with asyncio.timeout(ANSWER_S):
                        connection = connection or await connect(dsn)
                        picture = await take_picture(connection, lines=JOURNAL_LINES)
                except Exception as error:  # noqa: BLE001 - whatever it meets, a view must not end what it looks at
                    away = isinstance(error, LOST)
                    trouble = "database away" if away else f"database not readable ({type(error).__name__})"
                    if connection is not None:
                        connection.terminate()
                        connection = None
                surface.show(picture, trouble)
                await asyncio.sleep(LOOK_S if trouble else surface.every_s)
        finally:
            if connection is not None:
                connection.terminate()


class _Surface(Protocol):
    """Where pictures appear, and how often."""

    every_s: float

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End; what was shown last stays."""

    def show(self, picture: Picture | None, trouble: str | None) -> None:
        """Show what was read last, and what keeps the view from reading now."""


class _Screen:
    """The terminal: one picture that changes in its place."""

    every_s = LOOK_S

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, picture: Picture | None, trouble: str | None) -> None:
        width, height = self._console.size
        self._live.update(draw(picture, trouble, width=width, height=height), refresh=True)


class _Lines:
    """A file or a pipe: one line every few seconds; trouble is said once, when it begins."""

    every_s = LINE_EVERY_S

    def __init__(self, console: Console) -> None:
        self._console = console
        self._trouble: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return

    def show(self, picture: Picture | None, trouble: str | None) -> None:
        if trouble is not None and trouble != self._trouble:
            self._console.out(f"{trouble}, trying again", highlight=False)
        elif trouble is None and picture is not None:
            self._console.out(one_line(picture), highlight=False)
        self._trouble = trouble
