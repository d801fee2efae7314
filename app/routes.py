"""The routes beside Streamlit's own: news of changed runs, points of a chart that is zoomed, downloads, and plotly.js as installed."""

import asyncio
import gzip
import json
import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, cast, get_args
from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app import door, lent, library
from app.hub import Listener, hub
from app.library import Case
from app.plot import download
from app.plot.plotly_js import PLOTLY_JS, sooner
from app.plot.points import Part, Sight, Source, points
from app.report.page import html
from diagnostics.axis import AXES, Axis

ELSEWHERE = 4403  # WebSocket close code: the page that asks was not served by us, or nobody has signed in there
WIDEST = 8_000  # px: an 8K screen; no question may ask for more than it can show
MOST = 64  # traces a question
LONGEST = 10**12  # steps of a moving average: longer than any training
Answer = Callable[[Request, Case], Response]


def plotly_js(request: Request) -> Response:
    """The plotly.js that belongs to the installed plotly; kept by the browser for as long as the version in its address."""
    headers = {"Cache-Control": "max-age=31536000", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(sooner(), media_type="text/javascript", headers=headers)
    return Response(_packed(), media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})


@cache
def _packed() -> bytes:
    """Packed once: Streamlit would do so again for every tab that asks, a third of a second each."""
    return gzip.compress(sooner().encode(), 6)


async def news(socket: WebSocket) -> None:
    """Send the changed runs as a JSON list of names, also of those since the page was drawn (``since``, s since 1970); what the browser sends is never read."""
    if not _ours(socket):
        await socket.close(ELSEWHERE)
        return
    await socket.accept()
    listener = hub().listen(_number(socket.query_params.get("since", "")))
    sender = asyncio.create_task(_send(socket, listener))
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    finally:
        sender.cancel()
        hub().leave(listener)


def _number(text: str) -> float:
    """What an address names; infinity for no number."""
    with suppress(ValueError):
        return float(text)
    return math.inf


def _ours(socket: WebSocket) -> bool:
    """Whether a page of this very server asks, under a name that the config knows, of a browser that was let in."""
    same = urlsplit(socket.headers.get("origin", "")).netloc == socket.headers.get("host", "")
    return same and _known_host(socket.headers.get("host", "")) and door.admits(socket.cookies, time.time())


def _known_host(host: str) -> bool:
    """Whether the config knows the name under which we were asked; else DNS could be made to lie."""
    known, name = st.get_option("server.allowedHosts"), urlsplit(f"//{host}").hostname or ""
    return not known or any(_matches(name, pattern) for pattern in known)


def _matches(name: str, pattern: str) -> bool:
    """As Streamlit reads its ``server.allowedHosts``: ``*`` is any, ``*.lab.org`` any below."""
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


async def _send(socket: WebSocket, listener: Listener) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # the tab was closed while we spoke
        async for changed in listener.changes():
            await socket.send_json(changed)


def of_run(answer: Answer) -> Callable[[Request], Response]:
    """The route of what ``answer`` says of the ``run`` asked for; nothing is said to who may not see it."""

    def route(request: Request) -> Response:
        if not _known_host(request.headers.get("host", "")):
            return PlainTextResponse("unknown host", 403)
        if not door.admits(request.cookies, time.time()):
            return PlainTextResponse("sign in first", 401)
        key = request.query_params.get("run", "")
        case = lent.borrowed(key) or library.case(key)
        return PlainTextResponse("no such run", 404) if case is None else answer(request, case)

    return route


def more_points(request: Request, case: Case) -> Response:
    """The points of traces within the stretch that is seen: ``run``, ``x``, ``log``, ``from``, ``to``, ``width``, ``curve``s."""
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


def as_csv(request: Request, case: Case) -> Response:
    """The curves ``tag`` of ``run``, or all, every point that was logged."""
    rows = download.rows(case.run, _tags(request, case))
    return StreamingResponse(rows, media_type="text/csv", headers=_attached(case, "csv"))


def as_parquet(request: Request, case: Case) -> Response:
    """The same as Parquet."""
    pieces = download.parquet(case.run, _tags(request, case))
    return StreamingResponse(pieces, media_type="application/vnd.apache.parquet", headers=_attached(case, "parquet"))


def as_html(request: Request, case: Case) -> Response:
    """The report on ``run`` as a file that opens offline."""
    page = html(case.run, case.report, PLOTLY_JS.read_text("utf-8"))
    return Response(page, media_type="text/html", headers=_attached(case, "html"))


def _tags(request: Request, case: Case) -> list[str]:
    return request.query_params.getlist("tag") or sorted({*case.run.curves, *case.run.superseded})


def _attached(case: Case, suffix: str) -> dict[str, str]:
    """A file to be saved, under the run's name."""
    name = re.sub(r"[^\w.-]+", "-", case.run.name, flags=re.ASCII).strip("-.") or "run"
    return {"Content-Disposition": f'attachment; filename="{name}.{suffix}"', "X-Content-Type-Options": "nosniff"}


ROUTES = [
    Route("/curvewise/plotly.js", plotly_js),
    Route("/curvewise/points", of_run(more_points)),
    Route("/curvewise/data.csv", of_run(as_csv)),
    Route("/curvewise/data.parquet", of_run(as_parquet)),
    Route("/curvewise/report.html", of_run(as_html)),
    WebSocketRoute("/curvewise/news", news),
]
