"""The routes beside Streamlit's own: news of changed runs, points of a chart that is zoomed, and plotly.js as installed."""

import asyncio
import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import urlsplit

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app import library
from app.hub import Listener, hub
from app.plot import download
from app.plot.points import Part, Sight, Source, points
from diagnostics.axis import AXES, Axis

PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
ELSEWHERE = 4403  # WebSocket close code: the page that asks was not served by us
WIDEST = 8_000  # px: an 8K screen; no question may ask for more than it can show
MOST = 64  # traces a question
LONGEST = 10**12  # steps of a moving average: longer than any training


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
    """Whether a page of this very server asks, under a name that the config knows."""
    same = urlsplit(socket.headers.get("origin", "")).netloc == socket.headers.get("host", "")
    return same and _known_host(socket.headers.get("host", ""))


def _known_host(host: str) -> bool:
    """Whether the config knows the name under which we were asked; else DNS could be made to lie."""
    known = st.get_option("server.allowedHosts")
    return not known or urlsplit(f"//{host}").hostname in known


async def _send(socket: WebSocket, listener: Listener) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # the tab was closed while we spoke
        async for changed in listener.changes():
            await socket.send_json(changed)


def more_points(request: Request) -> Response:
    """The points of traces within the stretch that is seen: ``run``, ``x``, ``log``, ``from``, ``to``, ``width``, ``curve``s."""
    if not _known_host(request.headers.get("host", "")):
        return PlainTextResponse("unknown host", 403)
    case = library.case(request.query_params.get("run", ""))
    if case is None:
        return PlainTextResponse("no such run", 404)
    try:
        sight, sources = (
            _sight(request.query_params),
            [_source(c) for c in request.query_params.getlist("curve")[:MOST]],
        )
    except (ValueError, TypeError, KeyError, OverflowError):
        return PlainTextResponse("cannot be understood", 400)
    found = [points(case.run, source, sight) for source in sources]
    return JSONResponse({"curves": found}, headers={"Cache-Control": "no-store"})


def _sight(asked: Any) -> Sight:
    span = float(asked["from"]), float(asked["to"])
    width = int(asked["width"])
    if asked["x"] not in AXES or not all(map(math.isfinite, span)) or not 0 < width <= WIDEST:
        raise ValueError
    return Sight(cast(Axis, asked["x"]), asked.get("log") == "1", span, 2 * width)


def _source(asked: str) -> Source:
    """A trace as its ``meta`` in the figure names it."""
    meta = json.loads(asked)
    if not isinstance(meta, dict):
        raise ValueError
    part, window = meta.get("part", "line"), int(meta.get("window", 0))
    if part not in get_args(Part) or not 0 <= window <= LONGEST:
        raise ValueError
    return Source(str(meta["tag"]), window, int(meta.get("attempt", 0)), part)


def data(request: Request) -> Response:
    """The curves ``tag`` of ``run`` as CSV, every point that was logged."""
    if not _known_host(request.headers.get("host", "")):
        return PlainTextResponse("unknown host", 403)
    case = library.case(request.query_params.get("run", ""))
    if case is None:
        return PlainTextResponse("no such run", 404)
    rows = download.rows(case.run, request.query_params.getlist("tag"))
    return StreamingResponse(rows, media_type="text/csv", headers={"Content-Disposition": "attachment"})


ROUTES = [
    Route("/curvewise/plotly.js", plotly_js),
    Route("/curvewise/points", more_points),
    Route("/curvewise/data.csv", data),
    WebSocketRoute("/curvewise/news", news),
]
