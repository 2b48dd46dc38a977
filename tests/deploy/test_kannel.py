"""Kannel's configuration, and what is said where Kannel is chosen and missing."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import doctor, kannel, up
from deploy.installation import product_parts
from deploy.kannel import Kannel
from deploy.parts import PartError, Ports, free_port
from services.notices.gateways.kannel import token
from services.settings import load_settings


def made(folder: Path, **given: object) -> Kannel:
    known: dict[str, object] = {
        "port": 23_000,
        "callback_port": 28_642,
        "operator": ("smpp.example", 2775, "utility", "secret"),
        "sender": "12345",
    }
    return Kannel(folder / "kannel", **(known | given))  # type: ignore[arg-type]


def groups(text: str) -> dict[str, dict[str, str]]:
    """Read a configuration as Kannel does: groups, a name and a value on each line, quotes taken off."""
    found = {}
    for group in text.strip().split("\n\n"):
        lines = dict(line.split(" = ", 1) for line in group.splitlines())
        name = lines.pop("group")
        found[name] = {name: value.strip('"') for name, value in lines.items()}
    return found


def test_the_configuration_keeps_clear_of_every_trap(tmp_path: Path) -> None:
    written = made(
        tmp_path, texts_per_s=20.0, options={"use-ssl": "true", "enquire-link-interval": "45"}
    ).configuration()
    found = groups(written)
    assert "msg-id-type" not in written
    assert "alt-charset" not in written
    assert "log-file" not in written
    assert found["core"]["dlr-storage"] == "sqlite3"
    assert found["smsbox-route"] == {"smsbox-id": found["smsbox"]["smsbox-id"], "smsc-id": "operator"}
    assert found["smsbox"]["http-request-retry"] == "100000"
    assert {
        name: found["smsc"][name] for name in ("host", "smsc-username", "smsc-password", "throughput", "use-ssl")
    } == {
        "host": "smpp.example",
        "smsc-username": "utility",
        "smsc-password": "secret",
        "throughput": "20",
        "use-ssl": "true",
    }
    assert found["smsc"]["enquire-link-interval"] == "45"
    for group, what in (("core", "admin"), ("core", "box"), ("sendsms-user", "user")):
        assert (found[group][f"{what}-deny-ip"], found[group][f"{what}-allow-ip"]) == ("*.*.*.*", "127.0.0.1")
    assert {value for name, value in found["core"].items() if name.endswith("-interface")} == {"127.0.0.1"}
    password = found["sendsms-user"]["password"]
    assert f"token={token(password)}&id=%I" in found["sms-service"]["get-url"]
    assert not re.search(r"^[^\n]*=[^\n\"]*#", written, re.MULTILINE)


@pytest.fixture
def port() -> Iterator[int]:
    """The first of three ports in a row that no other installation takes meanwhile."""
    with Ports() as ports:
        yield ports.row(23_000, 3)


def test_what_kannel_needs_is_readable_by_us_alone(tmp_path: Path, port: int) -> None:
    boxes = made(tmp_path, port=port)
    boxes._prepare()
    folder = tmp_path / "kannel"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("kannel.conf", "password"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    before = (folder / "kannel.conf").read_text(encoding="utf-8")
    made(tmp_path, port=port)._prepare()
    assert (folder / "kannel.conf").read_text(encoding="utf-8") == before


def test_receipts_that_never_came_are_forgotten(tmp_path: Path, port: int) -> None:
    made(tmp_path, port=port)._prepare()
    store = sqlite3.connect(tmp_path / "kannel" / "receipts.db")
    store.execute("INSERT INTO dlr (smsc, destination, taken) VALUES ('operator', '+999', datetime('now', '-4 days'))")
    store.execute("INSERT INTO dlr (smsc, destination) VALUES ('operator', '+998')")
    store.commit()
    store.close()
    made(tmp_path, port=port)._prepare()
    store = sqlite3.connect(tmp_path / "kannel" / "receipts.db")
    assert store.execute("SELECT destination FROM dlr").fetchall() == [("+998",)]
    store.close()


@pytest.mark.parametrize("value", ['a"b', "a\\b", "a#b", "a\nb"])
def test_a_value_that_kannel_would_read_otherwise_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(PartError, match="smsc-password"):
        made(tmp_path, operator=("h", 1, "u", value)).configuration()


def test_the_text_sender_is_told_how_it_finds_the_boxes(tmp_path: Path) -> None:
    found = made(tmp_path).reached_by(load_settings())
    assert (found.kannel_url, found.kannel_status_url) == (
        "http://127.0.0.1:23002/cgi-bin/sendsms",
        "http://127.0.0.1:23000/status.xml",
    )
    assert found.kannel_password.get_secret_value() == (tmp_path / "kannel" / "password").read_text(encoding="ascii")


def test_boxes_of_our_own_are_wanted_only_where_texts_go_through_them() -> None:
    assert kannel.wanted(load_settings(texts_gateway="kannel"))
    assert kannel.wanted(load_settings(texts_second_gateway="kannel"))
    assert not kannel.wanted(load_settings())
    assert not kannel.wanted(load_settings(texts_gateway="kannel", exercise=True))
    assert not kannel.wanted(load_settings(texts_gateway="kannel", kannel_url="http://127.0.0.1:1/cgi-bin/sendsms"))


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kannel, "PLACES", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("missing")
def test_where_it_is_chosen_and_missing_nothing_starts_and_the_remedy_is_said(tmp_path: Path) -> None:
    chosen = load_settings(texts_gateway="kannel", data_dir=tmp_path / "data")
    with pytest.raises(PartError, match="apt-get install --no-install-recommends kannel"):
        up.run(chosen)
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("missing")
def test_the_doctor_says_so_too(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("LAMPLIGHTER_")]:
        monkeypatch.delenv(variable)
    chosen = load_settings(texts_gateway="kannel", data_dir=data_dir / "data")
    with pytest.raises(PartError, match="apt-get install"):
        doctor._texts(chosen)
    assert doctor._texts(load_settings(texts_gateway="kannel", exercise=True)).startswith("an exercise")
    assert doctor._texts(load_settings(webhook_secret="s")) == "by smpp; also webhooks"


def waits(port: int, seconds: float, *command: str) -> subprocess.CompletedProcess[str]:
    waiter = (sys.executable, "-I", "-S", str(kannel._WAITER), str(port), str(seconds))
    return subprocess.run([*waiter, *command], capture_output=True, text=True, check=False)


def test_the_smsbox_has_no_name_by_which_it_could_start_itself_beside_the_supervisors() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bearerbox:
        done = waits(bearerbox.getsockname()[1], 10, "/bin/sh", "-c", 'command -v "$0" || echo no such program')
    assert (done.returncode, done.stdout, done.stderr) == (0, "no such program\n", "")


def test_without_a_bearerbox_no_smsbox_is_started() -> None:
    done = waits(free_port(0), 0.2, "/bin/sh", "-c", "echo started")
    assert (done.returncode, done.stdout) == (113, "")


def test_the_boxes_are_stopped_before_the_text_sender_and_the_bearerbox_before_the_smsbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kannel, "program", lambda name: f"/nonexistent/{name}")
    chosen = load_settings(
        texts_gateway="kannel",
        data_dir=tmp_path,
        postgres_dsn="postgresql://u@h/d",
        kafka_bootstrap="h:1",
        email_host="m",
    )
    parts = product_parts(chosen)
    names = [part.name for part in parts]
    stopped = [name for name in reversed(names) if name.startswith("kannel") or name == "texts"]
    assert stopped == ["kannel-bearerbox", "kannel-smsbox", "texts"]
    texts = parts[names.index("texts")]
    assert texts.environment["LAMPLIGHTER_KANNEL_URL"] == f"http://127.0.0.1:{chosen.kannel_port + 2}/cgi-bin/sendsms"
    assert "mails" in names
    assert not {"webhooks", "voice-notices"} & set(names)
    assert "mails" not in [part.name for part in product_parts(chosen.model_copy(update={"exercise": True}))]
