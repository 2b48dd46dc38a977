from __future__ import annotations

import json
import typing
from collections import Counter
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest

from schemas import events
from schemas.codec import decode, encode, type_of
from schemas.golden import SAMPLES, fresh, frozen, shape
from schemas.golden.__main__ import write_new
from schemas.topics import TOPICS

if TYPE_CHECKING:
    from pathlib import Path

TYPES: tuple[type[events.Event], ...] = typing.get_args(events.AnyEvent)
IDS = [type_of(sample) for sample in SAMPLES]


def tag_of(event_type: type[events.Event]) -> str:
    return str(event_type.__struct_config__.tag)


def test_every_event_has_a_tag_of_its_own_a_sample_and_a_topic() -> None:
    declared = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)]
    assert set(declared) - {events.Event} == set(TYPES)
    assert [type(sample) for sample in SAMPLES] == list(TYPES)
    assert max(Counter(map(tag_of, TYPES)).values()) == 1
    travelling = Counter(kind for topic in TOPICS.values() for kind in topic.events)
    assert travelling == dict.fromkeys(TYPES, 1)


def test_golden_files_are_those_of_the_types_that_there_are() -> None:
    assert sorted(frozen()) == sorted(name for sample in SAMPLES for name in fresh(sample))


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_the_shape_of_a_type_changes_only_together_with_its_tag(sample: events.Event) -> None:
    tag = type_of(sample)
    assert shape(type(sample)) == frozen()[f"{tag}.schema.json"], (
        f"the shape of {tag} has changed: give it the tag of the next version and run python -m schemas.golden"
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_golden_bytes_are_read_and_written_as_they_were_frozen(sample: events.Event) -> None:
    golden = frozen()[f"{type_of(sample)}.json"]
    (topic,) = [topic for topic in TOPICS.values() if type(sample) in topic.events]
    assert decode(golden, topic) == sample
    assert encode(sample) == golden


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_golden_samples_give_every_field_and_obey_their_schema(sample: events.Event) -> None:
    files = frozen()
    content = json.loads(files[f"{type_of(sample)}.json"])
    assert None not in content.values()
    validator = jsonschema.Draft202012Validator(json.loads(files[f"{type_of(sample)}.schema.json"]))
    validator.validate(content)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({key: value for key, value in content.items() if key != "id"})


def test_a_changed_shape_is_seen_and_a_changed_description_is_not() -> None:
    class Before(events.Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="trial.v1"):
        """One sentence."""

        description: events.Id

    class After(events.Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="trial.v1"):
        """Another sentence."""

        description: events.Id

    class Wider(events.Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="trial.v1"):
        """One sentence."""

        description: events.Note

    def nameless(kind: type[events.Event]) -> Any:
        return json.loads(shape(kind).replace(kind.__name__.encode(), b"Trial"))

    assert nameless(Before) == nameless(After)
    assert nameless(Before) != nameless(Wider)
    assert "description" in nameless(Before)["$defs"]["Trial"]["properties"]


def test_the_command_writes_what_is_missing_and_touches_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "crew.reported.v1.json"
    kept.write_bytes(b"frozen long ago")
    written = write_new(tmp_path)
    assert sorted([*written, kept.name]) == sorted(frozen())
    assert kept.read_bytes() == b"frozen long ago"
    assert {name: (tmp_path / name).read_bytes() for name in written} == {
        name: content for name, content in frozen().items() if name != kept.name
    }
    assert write_new(tmp_path) == []


def test_defaults_are_written_out_so_that_bytes_do_not_depend_on_them() -> None:
    bare = events.LargeCustomerOut(id="x", at=SAMPLES[0].at, account="A", customer="C", outage="O", reason="why")
    assert set(msgspec.json.decode(encode(bare))) == {"type", *bare.__struct_fields__}
