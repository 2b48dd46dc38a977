"""The command that tries the way out for texts."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli_keeping import settings_of


def text_test(
    phone: Annotated[str, typer.Argument(help="Your own number, in international form: +4915112345678.")],
    words: Annotated[str | None, typer.Option(help="Other words; a character outside of 7 bits tries UCS-2.")] = None,
    wait: Annotated[float, typer.Option(min=0, max=3_600, help="Seconds to wait for its receipt.")] = 60.0,
) -> None:
    """Send one text through the configured gateway and say what happens: connected, taken, delivered, or why not.

    Refused in an exercise. Example: lamplighter text-test +4915112345678
    """
    from deploy import text_test as trying

    raise typer.Exit(trying.text_test(settings_of("text-test"), phone, words or trying.WORDS, wait))
