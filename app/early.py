"""Tells the browser in a page's head what the page will need, so that it is there when it is asked for.

- plotly.js, where the page draws.
- The parts of Streamlit's frontend that nearly every page of ours shows: by itself it fetches each when the first of its kind is to
  be shown, and draws a grey bar till then.
- Where the server is: by itself Streamlit asks below the page's own address, in vain, waits, and asks one level higher.
"""

import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import ahead
from app.plot.plotly_js import PLOTLY_URL

CHARTS = ("/diagnosis", "/compare", "/schedules")  # pages that draw at once; elsewhere it would be fetched for nothing
PARTS = ("BidiComponent", "Selectbox", "Html", "ButtonGroup", "Checkbox", "Button", "WidgetLabelHelpIconInline")
STATIC = Path(streamlit.__file__).parent / "static"
IMPORTS = re.compile(r"(?:from|import)\s*[\"`']\./([\w.-]+\.js)[\"`']")
HERE = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href };</script>'
UNASKED = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # the whole page, as text


class Early:
    """Middleware: adds to the head of such a page, and has its run read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI says."""
        if scope["type"] == "http" and scope["path"].rstrip("/").endswith(CHARTS):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in UNASKED]}
            send = _Adding(send)
            ahead.begin(scope)
        await self._app(scope, receive, send)


class _Adding:
    """Sends a page on with ``head`` at the end of its head, after what Streamlit begins with; what is no page as it is."""

    def __init__(self, send: Send) -> None:
        self._send, self._start, self._body = send, dict[str, object](), b""

    async def __call__(self, message: Message) -> None:
        """As ASGI says."""
        if message["type"] == "http.response.start":
            self._start = dict(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            self._body = self._body.replace(b"</head>", head().encode() + b"</head>", 1)
            MutableHeaders(scope=self._start)["content-length"] = str(len(self._body))
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": self._body})


@cache
def head() -> str:
    """What is added, of a page that draws."""
    links = "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in parts(STATIC))
    return f'{HERE}{links}<link rel="preload" as="script" href="{PLOTLY_URL}">'


def parts(static: Path) -> list[str]:
    """The files of the frontend's parts, with all that they import and the page does not name itself."""
    named, found = (static / "index.html").read_text("utf-8"), dict[str, None]()
    wanted = [path.name for part in PARTS for path in sorted((static / "static" / "js").glob(f"{part}.*.js"))]
    while wanted:
        name = wanted.pop(0)
        if name not in found and name not in named:
            found[name] = None
            wanted += IMPORTS.findall((static / "static" / "js" / name).read_text("utf-8"))
    return list(found)
