"""Every setting of Lamplighter, typed and described; nothing else reads the environment.

A setting `x` is the variable `LAMPLIGHTER_X`, or the key `x` of a TOML file, or the line `LAMPLIGHTER_X=...` of a
`.env` file; `LAMPLIGHTER_SETTINGS_FILE` names that file. The environment goes before the file, the file before the
default.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from services.settings_of_dispatch import DispatchSettings
from services.settings_of_gateways import GatewaySettings

PREFIX = "LAMPLIGHTER_"
FILE_VARIABLE = f"{PREFIX}SETTINGS_FILE"


class SettingsError(Exception):
    """The settings cannot be used; the message says which and why, without showing any value."""


class Settings(DispatchSettings, GatewaySettings):
    """What a person may choose about an installation. Frozen: made once at start and handed down."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    checkout: Path | None = Field(
        default=None,
        description="Folder of the source checkout; set by the `lamplighter` script in it. `bench` needs it.",
    )
    data_dir: Path = Field(
        default_factory=lambda known: default_data_dir(known["checkout"]),
        description=(
            "Folder that holds everything the installation keeps: databases, the broker's log, passwords, logs. One "
            "running installation per folder. Root's PostgreSQL runs as another user, who must be able to walk to it."
        ),
        json_schema_extra={
            "default": (
                "`.lamplighter` in the checkout, else `$XDG_DATA_HOME/lamplighter`; for root, when a system user "
                "cannot walk to that place, `/var/lib/lamplighter/<name>-<hash of the path>`"
            )
        },
    )
    cache_dir: Path = Field(
        default_factory=lambda: _xdg("XDG_CACHE_HOME", ".cache") / "lamplighter",
        description="Folder for what can be fetched again: the jars of Apache Kafka, shared by all data folders.",
        json_schema_extra={"default": "`$XDG_CACHE_HOME/lamplighter`, else `~/.cache/lamplighter`"},
    )
    shared: Path = Field(
        default_factory=lambda known: (known["checkout"] or Path.cwd()).parent / "shared",
        description="Folder of shared sample data that is not part of the project; tests skip what needs it.",
        json_schema_extra={"default": "`../shared`, seen from the checkout or else from the current folder"},
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe log line that is written."
    )
    strict_logs: bool = Field(
        default=False,
        description="Whether a forbidden field in a log line raises an error instead of being withheld; for tests.",
    )

    postgres_dsn: SecretStr | None = Field(
        default=None,
        description="URL of a PostgreSQL 15 or newer. Left out, Lamplighter starts a PostgreSQL of its own.",
    )
    postgres_port: int = Field(
        default=5432, ge=1, le=65535, description="Wished port of our own PostgreSQL; the next free one is taken."
    )
    database: str = Field(
        default="lamplighter",
        pattern=r"\A[a-z][a-z0-9_]{0,50}\z",
        description="Name of the database. A drill has one of its own.",
    )
    kafka_bootstrap: str | None = Field(
        default=None,
        description="`host:port[,host:port]` of an Apache Kafka. Left out, Lamplighter starts a broker of its own.",
    )
    kafka_port: int = Field(
        default=9092, ge=1, le=65535, description="Wished port of our own broker; the next free one is taken."
    )
    kafka_session_s: float = Field(
        default=6.0,
        ge=1,
        le=300,
        description="Seconds after which the broker gives a silent worker's partitions to another; heartbeats are thrice as often.",
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"\A[a-zA-Z0-9._-]*\z",
        description="Put before the name of every topic and consumer group. A drill has one of its own.",
    )

    exercise: bool = Field(
        default=False,
        description="Whether this is a drill: every message is marked as exercise and no real gateway can be built.",
    )
    smpp_host: str = Field(default="127.0.0.1", description="Host of the operator's SMPP 3.4 server for texts.")
    smpp_port: int = Field(default=2775, ge=1, le=65535, description="Port of the operator's SMPP server.")
    smpp_system_id: str = Field(default="lamplighter", max_length=15, description="Our name at the SMPP server.")
    smpp_password: SecretStr = Field(
        default=SecretStr(""), description="Our password at the SMPP server, at most 8 characters."
    )
    smpp_sender: str = Field(default="LAMPLIGHT", max_length=20, description="Sender shown on texts.")
    smpp_window: int = Field(
        default=100,
        ge=1,
        le=1_000,
        description="How many texts may wait for the SMPP server's answer at once: the window of the operator's contract.",
    )
    smpp_answer_s: float = Field(
        default=15.0,
        gt=0,
        le=120,
        description="Seconds after which a text that the SMPP server has not answered has an unknown outcome, and is asked for.",
    )
    smpp_lookup_url: str | None = Field(
        default=None,
        description="HTTP address where the operator tells what became of a text whose hand-over had no clear end.",
    )
    broadcast_second_person_from: int = Field(
        default=50,
        ge=1,
        le=1_000_000,
        description="A text that dispatchers send to so many phones at once, or more, has to be approved by a second person.",
    )
    text_cost: float = Field(
        default=0.0,
        ge=0,
        le=1_000,
        description="What a segment of a text costs, shown before many are sent at once, in `LAMPLIGHTER_TEXT_CURRENCY`.",
    )
    text_currency: str = Field(
        default="", max_length=20, description="The currency of that cost, as it is to be shown."
    )
    voice_url: str | None = Field(
        default=None, description="HTTP address of the service that places calls to the contacts of large customers."
    )

    reclosing_s: float = Field(
        default=60.0,
        ge=1,
        le=300,
        description=(
            "Seconds that a reclosing takes at most. A device that is open for longer, and leaves customers without a closed path, "
            "is an outage; a shorter time is kept as a momentary interruption and told to nobody. A replay needs the value of then."
        ),
    )
    switching_utilisation_permille: int = Field(
        default=500,
        ge=1,
        le=3_000,
        description=(
            "What share of the customers' connected load is taken to run at once, in thousandths, when switching steps are held "
            "against ratings. After a long outage more runs at once than usually: choose it for that."
        ),
    )
    switching_kva_per_customer: float = Field(
        default=4.0,
        ge=0,
        le=1_000,
        description="What a customer whose connected load is not known is taken to draw, kVA, when switching steps are proposed.",
    )
    meter_ping_url: str | None = Field(
        default=None,
        description="HTTP address of the meters' head-end where a meter is asked whether it has power. None: no meter is asked.",
    )
    asking: Literal["off", "low", "storm"] = Field(
        default="low",
        description=(
            "How much is asked to find out what has failed, by pings of meters and texts to customers: not at all, a little, or as "
            "much as helps in a storm, then by text also in quiet hours. Holds from the next start on."
        ),
    )
    asking_low_pings_per_minute: int = Field(
        default=6,
        ge=0,
        le=10_000,
        description="With asking low: meters pinged in a minute at most, in each supply area.",
    )
    asking_low_texts_per_hour: int = Field(
        default=12,
        ge=0,
        le=10_000,
        description="With asking low: customers asked by text in an hour, in each supply area.",
    )
    asking_storm_pings_per_minute: int = Field(
        default=60, ge=0, le=10_000, description="With asking storm: meters pinged in a minute, in each supply area."
    )
    asking_storm_texts_per_hour: int = Field(
        default=120,
        ge=0,
        le=10_000,
        description="With asking storm: customers asked by text in an hour, in each supply area.",
    )

    web_port: int = Field(
        default=8640, ge=1, le=65535, description="Port of the HTTP edge, on loopback; put a proxy with TLS before it."
    )
    web_events_per_s: float = Field(
        default=500.0,
        gt=0,
        description="Events per second that one access key may send over HTTP on average; five seconds' worth at once.",
    )

    hotline_port: int = Field(
        default=8641,
        ge=1,
        le=65535,
        description="Port of the hotline's HTTP API, on loopback; put a proxy with TLS before it.",
    )

    console_port: int = Field(
        default=8650,
        ge=1,
        le=65535,
        description="Port of the console for the browser, on loopback; put a proxy with TLS before it.",
    )
    console_secure_cookie: bool = Field(
        default=False,
        description=(
            "Whether the console's cookie is for HTTPS alone. Set it where a proxy with TLS stands before the console; off, "
            "because on loopback there is plain HTTP."
        ),
    )
    personal_retention_days: int = Field(
        default=400,
        ge=0,
        le=36_500,
        description=(
            "Days after which phone numbers, names of contacts and what customers wrote are erased, by the installation's "
            "clock; 0 keeps them for ever."
        ),
    )

    metrics_port: int = Field(
        default=8660,
        ge=0,
        le=65535,
        description=(
            "First of the ports, on loopback, on which the processes tell their metrics and health, one each; the next free ones "
            "are taken. Of one process: its own port. 0: none."
        ),
    )

    worker_stall_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds after which a worker without progress, while there is work, exits to be restarted.",
    )
    death_dir: Path | None = Field(
        default=None,
        description=(
            "Folder of named death points, for fault benches only: a process that passes the point NAME while a file "
            "of that name lies there removes the file and kills itself."
        ),
    )
    ready_fd: int | None = Field(
        default=None,
        description="Pipe on which a process tells its supervisor that it is ready; set by the supervisor.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (named by pydantic; the file below replaces it)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments go before the environment, the environment before the settings file."""
        named = os.environ.get(FILE_VARIABLE)
        if not named:
            return init_settings, env_settings
        path = Path(named)
        if not path.is_file():
            raise SettingsError(f"{FILE_VARIABLE} names {path}, which is not a file")
        if path.suffix == ".toml":
            try:
                return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)
            except ValueError as error:
                raise SettingsError(f"{path} is not TOML: {error}") from error
        return init_settings, env_settings, DotEnvSettingsSource(settings_cls, path)

    def environment(self) -> dict[str, str]:
        """Return these settings as variables for a child process, secrets in clear; unset ones are left out."""
        texts: dict[str, str] = {}
        for name in sorted(type(self).model_fields):
            value = getattr(self, name)
            if value is None or name == "ready_fd":
                continue
            if isinstance(value, SecretStr):
                text = value.get_secret_value()
            else:
                text = json.dumps(value) if isinstance(value, dict | tuple) else str(value)
            texts[PREFIX + name.upper()] = text
        return texts

    def with_own_environment(self) -> dict[str, str]:
        """Return the variables of this process with these settings over them, for a child process."""
        return {**os.environ, **self.environment()}


def load_settings(**given: Any) -> Settings:
    """Return the settings of this process; `given` goes before environment and file.

    Raises SettingsError with one line per problem.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from None


def unknown_variables() -> list[str]:
    """Return the names of variables that look like settings and are none, sorted: most likely spelling mistakes."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {FILE_VARIABLE}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name.upper() not in known)


def default_data_dir(checkout: Path | None) -> Path:
    """Return where an installation keeps its data when nobody chose a folder."""
    place = checkout / ".lamplighter" if checkout else _xdg("XDG_DATA_HOME", ".local/share") / "lamplighter"
    place = place.absolute()
    if os.geteuid() != 0 or walkable(place, postgres_user()):
        return place
    name = (checkout or place).name
    return Path("/var/lib/lamplighter") / f"{name}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:8]}"


def postgres_user() -> pwd.struct_passwd:
    """Return the system user that runs root's PostgreSQL, which refuses root itself: `postgres`, else `nobody`.

    Raises SettingsError when the machine has neither.
    """
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SettingsError("this machine has no user `postgres` or `nobody` for PostgreSQL, which refuses to run as root")


def walkable(place: Path, user: pwd.struct_passwd) -> bool:
    """Answer whether a user may pass through every existing folder above a place."""
    for folder in place.parents:
        try:
            about = folder.stat()
        except FileNotFoundError:
            continue
        shift = 6 if about.st_uid == user.pw_uid else 3 if about.st_gid == user.pw_gid else 0
        if not about.st_mode >> shift & 1:
            return False
    return True


def has_display() -> bool:
    """Answer whether this terminal belongs to a desktop, on which a browser can be opened."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _xdg(variable: str, below_home: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / below_home)
