from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from deploy import doctor
from deploy.parts import free_port


@pytest.fixture(autouse=True)
def chosen(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith("LAMPLIGHTER_"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("LAMPLIGHTER_DATA_DIR", str(data_dir / "data"))


def bad() -> dict[str, str]:
    return {finding.subject: finding.words for finding in doctor.look() if not finding.well}


def test_a_sound_installation_is_all_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.examine() == 0
    said = capsys.readouterr().out
    assert "PostgreSQL) 18" in said
    assert "openjdk" in said
    assert said.endswith(" well\n")


def test_each_trouble_is_named_and_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    (data_dir / "data").write_text("a file where a folder should be")
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    monkeypatch.setattr("deploy.doctor.java", lambda: "/nonexistent/java")
    monkeypatch.setenv("LAMPLIGHTER_DATBASE", "x")
    found = bad()
    assert set(found) - {"PostgreSQL"} == {"Python", "settings", "data folder", "Java"}  # it may need a copy there
    assert "LAMPLIGHTER_DATBASE" in found["settings"]
    assert "3.10.1" in found["Python"]


def test_servers_that_were_given_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_POSTGRES_DSN", f"postgresql://u:hidden@127.0.0.1:{free_port(0)}/d")
    monkeypatch.setenv("LAMPLIGHTER_KAFKA_BOOTSTRAP", f"127.0.0.1:{free_port(0)}")
    found = bad()
    assert set(found) == {"PostgreSQL", "Kafka"}
    assert "hidden" not in found["PostgreSQL"]


def test_a_given_server_that_answers_is_well(server_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_POSTGRES_DSN", server_dsn)
    monkeypatch.setenv("LAMPLIGHTER_KAFKA_BOOTSTRAP", "nonsense")
    assert bad() == {"Kafka": "'nonsense' is not host:port"}


def test_settings_that_cannot_be_read_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_KAFKA_PORT", "many")
    assert "kafka_port" in bad()["settings"]
