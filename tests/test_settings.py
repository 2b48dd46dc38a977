from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from services import settings as module
from services.settings import Settings, SettingsError, default_data_dir, load_settings, unknown_variables, walkable


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith(("LAMPLIGHTER_", "XDG_")):
            monkeypatch.delenv(variable)


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "chosen.toml"
    file.write_text('database = "from_file"\nlog_level = "debug"\n')
    monkeypatch.setenv("LAMPLIGHTER_SETTINGS_FILE", str(file))
    monkeypatch.setenv("LAMPLIGHTER_DATABASE", "from_environment")
    found = load_settings()
    assert (found.database, found.log_level, found.kafka_port) == ("from_environment", "debug", 9092)
    assert load_settings(database="given").database == "given"


def test_an_env_file_holds_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "chosen.env"
    file.write_text("LAMPLIGHTER_TOPIC_PREFIX=drill.\nLAMPLIGHTER_EXERCISE=yes\n")
    monkeypatch.setenv("LAMPLIGHTER_SETTINGS_FILE", str(file))
    found = load_settings()
    assert (found.topic_prefix, found.exercise) == ("drill.", True)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("missing.toml", None, "is not a file"),
        ("broken.toml", "database = ", "is not TOML"),
        ("misspelt.toml", 'databse = "x"', "databse: Extra inputs are not permitted"),
        ("wrong.toml", 'database = "x\\n"', "database: String should match pattern"),
        ("port.toml", "kafka_port = 70000", "kafka_port: Input should be less than or equal to 65535"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("LAMPLIGHTER_SETTINGS_FILE", str(tmp_path / name))
    with pytest.raises(SettingsError, match=words):
        load_settings()


def test_a_misspelt_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_DATABSE", "x")
    monkeypatch.setenv("LAMPLIGHTER_DATABASE", "x")
    assert unknown_variables() == ["LAMPLIGHTER_DATABSE"]


def test_a_child_gets_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = load_settings(
        checkout=tmp_path,
        postgres_dsn="postgresql://u:p@h/d",
        exercise=True,
        worker_stall_s=1.5,
        smpp_password="pw",
        dispatch_modes={"R2": "advise"},
        dispatch_kit={"fuse": ("bucket-truck", "ladder"), "breaker": ()},
        dispatch_two_crews=("breaker",),
    )
    for variable, value in chosen.environment().items():
        monkeypatch.setenv(variable, value)
    assert load_settings() == chosen


def test_secrets_do_not_show() -> None:
    chosen = load_settings(postgres_dsn="postgresql://u:hidden@h/d", smpp_password="hidden")
    assert "hidden" not in repr(chosen)
    assert "hidden" not in str(chosen)


def test_a_secret_is_not_shown_by_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMPLIGHTER_SMPP_PASSWORD", "hidden")
    monkeypatch.setenv("LAMPLIGHTER_SMPP_PORT", "hidden")
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert "hidden" not in str(refusal.value)


def test_an_ordinary_users_data_lie_in_the_checkout_or_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir(Path("/some/checkout")) == Path("/some/checkout/.lamplighter")
    assert default_data_dir(None) == tmp_path / "lamplighter"


def test_roots_data_lie_where_postgresql_can_walk_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = pwd.getpwnam("nobody")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "postgres_user", lambda: user)
    closed = tmp_path / "closed" / "checkout"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    if closed.parent.stat().st_uid == user.pw_uid:
        pytest.skip("run as nobody, who may walk there")
    found = default_data_dir(closed)
    assert found.parent == Path("/var/lib/lamplighter")
    assert found.name.startswith("checkout-")
    assert found != default_data_dir(closed.parent)
    assert walkable(Path("/usr/lib/x"), user)


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
