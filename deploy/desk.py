"""The command `replay --network`: what the inference makes of a list of events, without an installation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.figures import moment
from schemas.lines import WrongLines, read_lines
from services.utility.folder import FolderProblems, read_folder
from streams import desk

DONE, REFUSED = 0, 2


def replay(network: Path, reports: Path, at: str) -> int:
    """Print the incidents as the inference has them at a time, as JSON.

    Nothing is printed but what is wrong, and 2 returned, where the folder or a line of the file cannot be used. Raises
    `SettingsError` for a time that is none, OSError for a file that cannot be read.
    """
    try:
        folder = read_folder(network)
        until = moment(at, ZoneInfo(folder.time_zone))
        with reports.open("rb") as lines:
            events = read_lines(lines, desk.HEARD)
    except FolderProblems as found:
        print(*(problem for problem in found.problems if not problem.warning), sep="\n", file=sys.stderr)
        return REFUSED
    except WrongLines as found:
        print(*(f"{reports}:{problem}" for problem in found.problems), sep="\n", file=sys.stderr)
        return REFUSED
    assert until is not None, "a time was given"
    print(json.dumps(desk.replay(folder, events, until), indent=1, ensure_ascii=False))
    return DONE
