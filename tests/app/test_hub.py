import asyncio
import contextlib
import math
import time
from pathlib import Path

import pytest

from app.hub import MISSED, Hub
from app.library import Folder
from app.throttle import QUICKEST
from collector import verdict


def heard(folder: Path, act, *, prefix: str = "", seconds: float = 1.0) -> list[list[str]]:
    """What a listener hears while ``act`` runs and for ``seconds`` after it."""

    async def listen() -> list[list[str]]:
        hub, messages = Hub([Folder(folder, prefix, False)]), []
        hub.start()
        await asyncio.to_thread(hub.ready.wait)
        listener = hub.listen()

        async def gather() -> None:
            async for changed in listener.changes():
                messages.append(changed)

        task = asyncio.create_task(gather())
        await asyncio.to_thread(act)
        await asyncio.sleep(seconds)
        task.cancel()
        hub.leave(listener)
        await asyncio.to_thread(hub.stop)
        return messages

    return asyncio.run(listen())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "first"
    (folder / "scalars").mkdir(parents=True)
    (folder / "tail-a1.bin").write_bytes(bytes(64))
    return folder


def write(tail: Path) -> None:
    """As the collector tells that its memory-mapped tail has grown: the mapping itself raises no event."""
    with tail.open("r+b") as file:
        file.write(b"x")


def test_a_grown_tail_is_heard(run):
    messages = heard(run.parent, lambda: write(run / "tail-a1.bin"))
    assert messages and all(message == ["first"] for message in messages)


def test_a_part_published_by_rename_is_heard(run):
    def publish() -> None:
        (run / "scalars" / ".tmp").write_bytes(b"x")
        (run / "scalars" / ".tmp").replace(run / "scalars" / "a1-0-1.parquet")

    assert {path for message in heard(run.parent, publish) for path in message} == {"first/scalars"}


def test_a_new_run_is_heard_with_its_prefix(run):
    messages = heard(run.parent, lambda: (run.parent / "second").mkdir(), prefix="sample/")
    assert messages[0] == ["sample/second"]


def test_reading_is_not_news(run):
    assert heard(run.parent, (run / "tail-a1.bin").read_bytes) == []


def test_a_burst_is_gathered(run):
    def burst() -> None:
        for _ in range(500):
            write(run / "tail-a1.bin")

    assert 1 <= len(heard(run.parent, burst)) <= 2 + 1 / QUICKEST  # one at once, then so many a second


def test_a_folder_that_is_born_later_is_watched(tmp_path):
    def born() -> None:
        (tmp_path / "runs").mkdir()
        for _ in range(20):  # until the watch stands
            (tmp_path / "runs" / "first").mkdir(exist_ok=True)
            time.sleep(0.05)
            (tmp_path / "runs" / "first" / "run.json").write_text("{}")

    assert ["first"] in heard(tmp_path / "runs", born)


def test_the_verdict_of_a_watcher_is_not_news(run):
    def leave() -> None:
        for step in range(3):
            verdict.leave(run, {"findings": []}, step=step, started_at=None)

    assert heard(run.parent, leave) == []


@pytest.mark.parametrize(
    "since, changes, told",
    [
        (0.0, ["a", "b", "a"], ["a", "b"]),
        (3.0, ["a"], []),
        (math.inf, ["a"], []),
    ],
    ids=["since the page was drawn", "long before it", "a listener that asks for nothing"],
)
def test_what_changed_while_a_page_was_drawn_is_heard(tmp_path, since, changes, told):
    async def first() -> list[str]:
        hub = Hub([Folder(tmp_path, "", False)])
        now = time.time()
        for changed in changes:
            hub.tell(changed)
        listener = hub.listen(now + since * MISSED)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(anext(listener.changes()), 0.2)
        return []

    assert asyncio.run(first()) == told
