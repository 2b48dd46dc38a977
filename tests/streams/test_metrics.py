"""Every process tells metrics and health on its own port; the relay tells of the database; Kafka away is said, not hidden."""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest

from deploy.installation import TELLING, port_of, targets
from schemas.topics import CREW_STATUS
from services.settings import load_settings
from services.telling import metrics
from tests.streams.test_real_parts import Stack, call, stack, status

LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LIMIT_S = 60


async def told(client: httpx.AsyncClient, running: Stack, name: str, path: str) -> httpx.Response:
    """Ask a process by its name."""
    return await client.get(f"http://127.0.0.1:{port_of(running.found.metrics_port, name)}{path}")


async def values(client: httpx.AsyncClient, running: Stack, name: str) -> dict[tuple[str, str], float]:
    """Return the metrics of a process by name and labels."""
    answer = await told(client, running, name, "/metrics")
    assert answer.status_code == 200
    return {(found[1], found[2] or ""): float(found[3]) for found in LINE.finditer(answer.text)}


async def test_every_process_tells_what_it_does() -> None:
    async with stack() as running, httpx.AsyncClient(timeout=10) as client:
        names = [name for name in running.supervisor.pids() if name in TELLING]
        assert {"relay", "worker-1", "dispatch", "notify", "priority", "hotline", "web", "texts", "operator"} <= set(
            names
        )
        for name in names:
            assert (await told(client, running, name, "/healthz")).json() == {"alive": True}
            ready = await told(client, running, name, "/readyz")
            assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": {}}), name
            seen = await values(client, running, name)
            assert [
                labels for metric, labels in seen if metric == "lamplighter_up_info" and f'process="{name}"' in labels
            ]
            unknown = {metric for metric, _ in seen if metric.startswith("lamplighter_")} - _exposed()
            assert unknown == set()

        async with running.database() as connection:
            customer = await connection.fetchval("SELECT min(customer) FROM customer WHERE active")
        await running.publish([call(1, customer), status(1), (CREW_STATUS.name, b"one-key", b"not json")])
        await running.until("SELECT EXISTS (SELECT FROM report) AND EXISTS (SELECT FROM inbox)")
        await running.until("SELECT EXISTS (SELECT FROM parked) AND NOT EXISTS (SELECT FROM outbox WHERE NOT sent)")
        worker = await values(client, running, "worker-1")
        assert worker["lamplighter_facts_taken_total", 'stage="intake",topic="outage.reports"'] == 1
        dispatch = await values(client, running, "dispatch")
        assert dispatch["lamplighter_facts_taken_total", 'stage="dispatch",topic="crew.status"'] == 2

        relay = await _relay_with(client, running, ("lamplighter_parked", 'reason="malformed"'))
        assert relay["lamplighter_kafka_up", ""] == 1
        assert relay["lamplighter_collect_failed", ""] == 0
        assert relay["lamplighter_outbox_unsent", ""] == 0
        assert relay["lamplighter_relay_sent_total", 'topic="dead.letters"'] == 1
        # The drill's clock stands: what was taken at its tick is not decided yet.
        assert relay["lamplighter_undecided_facts", 'stage="dispatch",topic="crew.status"'] == 1
        assert relay["lamplighter_lag_seconds", 'stage="dispatch",topic="crew.status"'] == 0
        assert relay["lamplighter_untaken_messages", 'stage="dispatch",topic="crew.status"'] == 0
        assert relay["lamplighter_process_restarts", 'process="web"'] == 0
        assert relay["lamplighter_restoration_held", ""] == 0
        assert "lamplighter_parked" not in {metric for metric, _ in worker}

        edge = f"http://127.0.0.1:{running.drill.web_port}"
        assert (await client.get(f"{edge}/api/v1/openapi.json")).status_code == 200
        assert (await client.get(f"{edge}/nothing")).status_code == 404
        web = await values(client, running, "web")
        assert web["lamplighter_http_requests_total", 'method="GET",route="/api/v1/openapi.json",status="200"'] == 1
        assert web["lamplighter_http_requests_total", 'method="GET",route="none",status="404"'] == 1
        assert web["lamplighter_http_open", 'route="/api/v1/openapi.json"'] == 0
        assert web["lamplighter_pool_connections", 'state="idle"'] > 0

        found = targets(running.drill.data_dir)
        assert {str(each["labels"]["process"]) for each in found} == set(names)  # type: ignore[index]
        assert json.loads(json.dumps(found)) == found

        await running.supervisor.stop("kafka")
        for name in ("relay", "priority"):
            away = await _unready(client, running, name)
            assert away["reasons"]["kafka"].startswith(("brokerAway:", "noAnswerInTime"))
        for name in ("web", "hotline", "texts"):
            assert (await told(client, running, name, "/readyz")).status_code == 200


async def _relay_with(
    client: httpx.AsyncClient, running: Stack, wanted: tuple[str, str]
) -> dict[tuple[str, str], float]:
    """Return what the relay tells as soon as this is among it; what it reads it keeps for some seconds."""
    async with asyncio.timeout(LIMIT_S):
        while wanted not in (seen := await values(client, running, "relay")):
            await asyncio.sleep(0.2)
    return seen


async def _unready(client: httpx.AsyncClient, running: Stack, name: str) -> dict[str, dict[str, str]]:
    """Return why a process cannot do its work; it may be between two starts when asked."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                answer = await told(client, running, name, "/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            assert answer.status_code == 503
            found: dict[str, dict[str, str]] = answer.json()
            if "kafka" in found["reasons"]:
                return found


def _exposed() -> set[str]:
    """Return the names under which the metrics of the table appear."""
    endings = {"histogram": ("_bucket", "_sum", "_count", "_created"), "counter": ("", "_created"), "gauge": ("",)}
    names = set()
    for each in metrics.TABLE:
        for ending in endings[each.kind]:
            names.add(each.name + ending if ending != "_created" else each.name.removesuffix("_total") + ending)
    return names


def test_an_unknown_metric_or_label_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        metrics.count("lamplighter_nothing_total")
    with pytest.raises(ValueError, match="label"):
        metrics.count("lamplighter_turns_total", colour="red")
    with pytest.raises(KeyError):
        metrics.replace_collected([("lamplighter_turns_total", {"stage": "x"}, 1.0)])


def test_what_was_collected_before_and_is_no_more_goes_away() -> None:
    metrics.replace_collected(
        [("lamplighter_parked", {"reason": "malformed"}, 3.0), ("lamplighter_outbox_unsent", {}, 2.0)]
    )
    assert b'lamplighter_parked{reason="malformed"} 3.0' in metrics.text()
    metrics.replace_collected([("lamplighter_parked", {"reason": "future"}, 1.0)])
    text = metrics.text()
    assert b"malformed" not in text
    assert b'lamplighter_parked{reason="future"} 1.0' in text
    assert b"lamplighter_outbox_unsent" not in text


def test_the_first_port_is_a_setting_and_none_means_none() -> None:
    settings = load_settings(metrics_port=0)
    assert port_of(settings.metrics_port, "relay") == 0
    assert port_of(9000, "relay") == 9000
    assert len({port_of(9000, name) for name in TELLING}) == len(TELLING)
    assert port_of(9000, "postgres") == 0
