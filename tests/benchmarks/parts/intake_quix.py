"""Quix Streams as a contender of the bench `intake`: counts reports by transformer in its state store.

python intake_quix.py BOOTSTRAP TOPIC MESSAGES STATE_FOLDER

It runs in an environment of its own: nothing of the product is imported here. The messages are keyed by transformer.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from quixstreams import Application, State  # type: ignore[import-not-found]  # of that environment


def main(bootstrap: str, topic_name: str, messages: int, folder: str) -> None:
    """Count the messages, then say how many a second."""
    app = Application(
        broker_address=bootstrap,
        consumer_group="bench-quix",
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel="WARNING",
    )
    topic = app.topic(topic_name, key_deserializer="str", value_deserializer="json")
    done, begun = 0, 0.0

    def count(value: dict[str, Any], state: State) -> dict[str, Any]:
        nonlocal done, begun
        state.set("reports", state.get("reports", 0) + 1)
        done += 1
        if done == 1:
            begun = time.perf_counter()
        if done == messages:
            rate = (done - 1) / (time.perf_counter() - begun)
            os.write(1, (json.dumps({"per_s": round(rate), "taken": done}) + "\n").encode())
            os._exit(0)
        return value

    app.dataframe(topic).update(count, stateful=True)
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
