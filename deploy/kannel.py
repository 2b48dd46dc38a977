"""Kannel beside us: its two boxes as parts, with a configuration made from our settings.

The bearerbox speaks to the operator, the smsbox to us. The supervisor stops parts in the reverse order of their start; so the
smsbox stands before the bearerbox, for which it waits by itself: the bearerbox is stopped first, tells the smsbox to go, and
both while the text sender still takes what they have to tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from pydantic import SecretStr

from deploy.parts import HOST, Part, PartError, require_free
from services.notices.gateways.kannel import INBOUND, MOST_SEGMENTS, token
from services.settings import Settings

INSTALL = (
    "Kannel is chosen for texts and not installed: `apt-get install --no-install-recommends kannel`, as root, or choose another "
    "gateway (LAMPLIGHTER_TEXTS_GATEWAY)"
)
USER = "lamplighter"
PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
"""Where packages put the boxes, which are not on everybody's PATH."""

PANIC = "4"
"""The only level at which the boxes write neither numbers nor words: warnings name the number that a receipt is for."""

BEARERBOX_WITHIN_S = 30.0
RESEND_S = 5
WINDOW = 100
KEPT_DAYS = 3
"""A receipt that has not come after so long does not come any more; what is kept for it holds a number."""
BAD = frozenset('"\\#')
_WAITER = Path(__file__).with_name("await_port.py")
_ENVIRONMENT = {"PATH": PLACES, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_RECEIPTS = f"""CREATE TABLE IF NOT EXISTS dlr (smsc TEXT, ts TEXT, source TEXT, destination TEXT, service TEXT, url TEXT,
    mask INTEGER, status INTEGER, boxc TEXT, taken TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX IF NOT EXISTS dlr_by_name ON dlr (smsc, ts);
DELETE FROM dlr WHERE taken < datetime('now', '-{KEPT_DAYS} days');"""  # noqa: S608 (a constant of ours)


class Kannel:
    """The boxes in a folder, on three ports in a row from `port`; they tell the text sender what there is to tell.

    `operator`: host, port, name, password of the SMPP account.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        callback_port: int,
        operator: tuple[str, int, str, str],
        sender: str,
        smsc: str = "operator",
        texts_per_s: float = 0,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port = port
        self._callback_port = callback_port
        self._operator = operator
        self._sender = sender
        self._smsc = smsc
        self._texts_per_s = texts_per_s
        self._options = dict(options or {})
        self._inbound = True
        self._configuration = folder / "kannel.conf"

    @classmethod
    def of(cls, settings: Settings) -> Kannel:
        """Return the boxes that these settings wish for, in the data folder."""
        return cls(
            settings.data_dir / "kannel",
            port=settings.kannel_port,
            callback_port=settings.texts_callback_port,
            operator=(
                settings.smpp_host,
                settings.smpp_port,
                settings.smpp_system_id,
                settings.smpp_password.get_secret_value(),
            ),
            sender=settings.smpp_sender,
            smsc=settings.kannel_smsc,
            texts_per_s=settings.texts_per_s,
            options=settings.kannel_operator_options,
        )

    def without_inbound(self) -> Kannel:
        """Return the same boxes, in whose spool waits what people write, until boxes run that take it."""
        deaf = copy.copy(self)
        deaf._inbound = False  # noqa: SLF001 (one of ours)
        return deaf

    def reached_by(self, settings: Settings) -> Settings:
        """Return the settings with which a text sender finds these boxes. Draws their password at the first time."""
        password = self._password()
        return settings.model_copy(
            update={
                "kannel_url": f"http://{HOST}:{self.port + 2}/cgi-bin/sendsms",
                "kannel_status_url": f"http://{HOST}:{self.port}/status.xml",
                "kannel_status_password": SecretStr(password),
                "kannel_user": USER,
                "kannel_password": SecretStr(password),
            }
        )

    def parts(self) -> list[Part]:
        """Return the parts that a supervisor starts, together. Raises `PartError` when Kannel is not installed."""
        bearerbox, smsbox = program("bearerbox"), program("smsbox")
        waits = (sys.executable, "-I", "-S", str(_WAITER), str(self.port + 1), str(BEARERBOX_WITHIN_S))
        return [
            Part(
                name="kannel-smsbox",
                command=(*waits, smsbox, "-v", PANIC, str(self._configuration)),
                environment=_ENVIRONMENT,
                inherits_environment=False,
                prepare=lambda: require_free(self.port + 2),
                ready=lambda: _listens(self.port + 2),
                stop_within_s=3.0,  # the bearerbox has told it to go before
            ),
            Part(
                name="kannel-bearerbox",
                command=(bearerbox, "-v", PANIC, str(self._configuration)),
                environment=_ENVIRONMENT,
                inherits_environment=False,
                prepare=self._prepare,
                ready=lambda: _listens(self.port + 1),
                stop_within_s=15.0,
            ),
        ]

    def configuration(self) -> str:
        """Return the configuration of both boxes. Raises `PartError` for a value that Kannel could not read."""
        password = self._password()
        host, port, name, secret = self._operator
        back = f"http://{HOST}:{self._callback_port}{INBOUND}?{urlencode({'token': token(password)})}"
        operator = {
            "smsc": "smpp",
            "smsc-id": self._smsc,
            "host": host,
            "port": port,
            "transceiver-mode": "true",
            "smsc-username": name,
            "smsc-password": secret,
            "system-type": "",
            "interface-version": 34,
            "source-addr-autodetect": "true",
            "dest-addr-ton": 1,
            "dest-addr-npi": 1,
            "enquire-link-interval": 20,
            "reconnect-delay": 1,
            "max-pending-submits": WINDOW,
            **({"throughput": round(self._texts_per_s)} if self._texts_per_s else {}),
            **self._options,
        }
        groups: list[tuple[str, Mapping[str, object]]] = [
            (
                "core",
                {
                    "admin-port": self.port,
                    "admin-interface": HOST,
                    "admin-password": password,
                    "status-password": password,
                    **_ONLY_US("admin"),
                    "smsbox-port": self.port + 1,
                    "smsbox-interface": HOST,
                    **_ONLY_US("box"),
                    "store-type": "spool",
                    "store-location": self.folder / "spool",
                    "dlr-storage": "sqlite3",
                    "sms-resend-freq": RESEND_S,
                    "sms-resend-retry": -1,
                    "sms-combine-concatenated-mo": "true",
                    "sms-combine-concatenated-mo-timeout": 60,
                    "http-timeout": 30,
                },
            ),
            ("sqlite3-connection", {"id": "dlr", "database": self.folder / "receipts.db", "max-connections": 1}),
            (
                "dlr-db",
                {
                    "id": "dlr",
                    "table": "dlr",
                    "field-smsc": "smsc",
                    "field-timestamp": "ts",
                    "field-source": "source",
                    "field-destination": "destination",
                    "field-service": "service",
                    "field-url": "url",
                    "field-mask": "mask",
                    "field-status": "status",
                    "field-boxc-id": "boxc",
                },
            ),
            ("smsc", operator),
            (
                "smpp-tlv",
                {"name": "lamplighter", "tag": "0x1501", "type": "nulterminated", "length": 64, "smsc-id": self._smsc},
            ),
            (
                "smsbox",
                {
                    "smsbox-id": "lamplighter",
                    "bearerbox-host": HOST,
                    "sendsms-port": self.port + 2,
                    "sendsms-interface": HOST,
                    "global-sender": self._sender,
                    "mo-recode": "true",
                    "http-request-retry": 100_000,
                    "http-queue-delay": 3,
                },
            ),
            # without it texts to us wait in the spool until there is one, since the smsbox has a name
            *([("smsbox-route", {"smsbox-id": "lamplighter", "smsc-id": self._smsc})] if self._inbound else []),
            (
                "sendsms-user",
                {
                    "username": USER,
                    "password": password,
                    **_ONLY_US("user"),
                    "max-messages": MOST_SEGMENTS,
                    "concatenation": "true",
                    "default-smsc": self._smsc,
                },
            ),
            (
                "sms-service",
                {
                    "keyword": "default",
                    "catch-all": "true",
                    "get-url": f"{back}&id=%I&from=%p&charset=%C&text=%b",
                    "max-messages": 0,
                    "omit-empty": "true",
                    "concatenation": "true",
                },
            ),
        ]
        return "\n".join(_group(title, lines) for title, lines in groups)

    def _prepare(self) -> None:
        """Write the configuration, readable by us alone, and make the store of receipts, which outlives the boxes."""
        (self.folder / "spool").mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        require_free(self.port, self.port + 1)
        _write(self._configuration, self.configuration())
        with contextlib.closing(sqlite3.connect(self.folder / "receipts.db")) as store:
            store.execute("PRAGMA journal_mode = WAL")
            store.executescript(_RECEIPTS)

    def _password(self) -> str:
        file = self.folder / "password"
        with contextlib.suppress(FileNotFoundError):
            return file.read_text(encoding="ascii").strip()
        self.folder.mkdir(parents=True, exist_ok=True)
        password = secrets.token_urlsafe(24)
        _write(file, password)
        return password


def wanted(settings: Settings) -> bool:
    """Answer whether texts go through boxes of our own."""
    chosen = {settings.texts_gateway, settings.texts_second_gateway}
    return not settings.exercise and "kannel" in chosen and settings.kannel_url is None


def installed() -> str:
    """Return where Kannel is and what version it says it is. Raises `PartError`, saying what to install, without it."""
    bearerbox = program("bearerbox")
    program("smsbox")
    done = subprocess.run([bearerbox, "--version"], capture_output=True, text=True, check=False, timeout=10)
    found = re.search(r"version `([^']+)'", done.stdout + done.stderr)
    return f"{bearerbox}, version {found[1] if found else 'unknown'}"


def program(name: str) -> str:
    """Return the path of one of the boxes' programs. Raises `PartError`, saying what to install, without it."""
    found = shutil.which(name) or shutil.which(name, path=PLACES)
    if found is None:
        raise PartError(INSTALL)
    return found


def _ONLY_US(what: str) -> dict[str, str]:  # noqa: N802
    return {f"{what}-deny-ip": "*.*.*.*", f"{what}-allow-ip": HOST}


def _group(title: str, lines: Mapping[str, object]) -> str:
    """Return a group of the configuration. Kannel knows no remark behind a value, so there is none."""
    written = [f"group = {title}"]
    for name, value in lines.items():
        text = str(value)
        if not text.isprintable() or not BAD.isdisjoint(text):
            raise PartError(
                f"Kannel cannot read the value of `{name}`: no quotes, backslashes or hashes may stand in it"
            )
        written.append(f'{name} = "{text}"' if not text.isalnum() else f"{name} = {text}")
    return "\n".join(written) + "\n"


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    new.replace(file)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port), 1.0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
