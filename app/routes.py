"""The two routes beside Streamlit's own: news of changed runs, and plotly.js from the installed package."""

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.hub import Listener, hub

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
ELSEWHERE = 4403  # WebSocket close code: the page that asks was not served by us


async def plotly_js(request: Request) -> Response:
    """The plotly.js that belongs to the installed plotly; kept by the browser for as long as the version in its address."""
    return FileResponse(PLOTLY_JS, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000"})


async def news(socket: WebSocket) -> None:
    """Send the changed runs as a JSON list of names; what the browser sends is never read."""
    if not _ours(socket):
        await socket.close(ELSEWHERE)
        return
    await socket.accept()
    listener = hub().listen()
    sender = asyncio.create_task(_send(socket, listener))
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    finally:
        sender.cancel()
        hub().leave(listener)


def _ours(socket: WebSocket) -> bool:
    """Whether a page of this very server asks, under a name that the config knows (else DNS could be made to lie)."""
    host = urlsplit(f"//{socket.headers.get('host', '')}")
    known = st.get_option("server.allowedHosts")
    same = urlsplit(socket.headers.get("origin", "")).netloc == host.netloc
    return same and (not known or host.hostname in known)


async def _send(socket: WebSocket, listener: Listener) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # the tab was closed while we spoke
        async for changed in listener.changes():
            await socket.send_json(changed)


ROUTES = [Route("/curvewise/plotly.js", plotly_js), WebSocketRoute("/curvewise/news", news)]
