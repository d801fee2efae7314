"""The server's side of many tabs without their browsers, which would share its processors.

Each session speaks to the server as a tab does: it hears the news, has the page's live part run again, one question at a time, and notes which
step the figure goes to that it is sent. Nothing is drawn.
"""

import asyncio
import json
import re
import time
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LAST_STEP = re.compile(r'"lastStep": ?(\d+)')
LARGEST = 2**28  # bytes a message


class Session:
    """A tab on ``run``: ``shown`` is what it was sent, step and s since 1970."""

    def __init__(self, address: str, run: str) -> None:
        self.shown: list[list[float]] = []
        self._host, self._run = address.removeprefix("http://"), run
        self._page, self._fragment = "", ""
        self._busy, self._waiting = True, False

    async def live(self) -> None:
        """Until cancelled."""
        options = {"origin": f"http://{self._host}", "max_size": LARGEST}
        with suppress(ConnectionClosed):
            async with (
                connect(f"ws://{self._host}/_stcore/stream", subprotocols=["streamlit"], **options) as stream,  # type: ignore[arg-type, list-item]
                connect(f"ws://{self._host}/curvewise/news", **options) as news,  # type: ignore[arg-type]
            ):
                await self._ask(stream)
                await asyncio.gather(self._hear(news, stream), self._receive(stream))

    async def _hear(self, news: ClientConnection, stream: ClientConnection) -> None:
        async for said in news:
            if self._run in json.loads(said):
                self._waiting = True
                if not self._busy:
                    await self._ask(stream)

    async def _ask(self, stream: ClientConnection) -> None:
        self._busy, self._waiting = True, False
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string, state.fragment_id, state.page_script_hash = f"run={self._run}", self._fragment, self._page
        state.page_name = "" if self._page else "diagnosis"
        await stream.send(asked.SerializeToString())

    async def _receive(self, stream: ClientConnection) -> None:
        async for raw in stream:
            message = ForwardMsg.FromString(raw)  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page = message.new_session.page_script_hash
            elif kind == "delta":
                self._note(message)
            elif kind == "script_finished":
                self._busy = False
                if self._waiting:
                    await self._ask(stream)

    def _note(self, message: ForwardMsg) -> None:
        element = message.delta.new_element.bidi_component
        if element.component_name.endswith("curvewise.chart") and (found := LAST_STEP.search(element.json)):
            self._fragment = message.delta.fragment_id or self._fragment
            self.shown.append([float(found[1]), time.time()])


async def _all(sessions: list[Session], seconds: float) -> None:
    """Begun one after the other, as tabs are opened."""
    tasks = []
    for session in sessions:
        tasks.append(asyncio.create_task(session.live()))
        await asyncio.sleep(0.5)
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """``python -m benchmarks.dashboard_speed.sessions ADDRESS RUN COUNT SECONDS``: what each was sent, as JSON."""
    import sys

    address, run, count, seconds = sys.argv[1:]
    sessions = [Session(address, run) for _ in range(int(count))]
    asyncio.run(_all(sessions, float(seconds)))
    print(json.dumps([session.shown for session in sessions]))


if __name__ == "__main__":
    main()
