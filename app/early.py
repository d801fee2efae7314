"""Has the browser fetch plotly.js while it still starts Streamlit, and not when the first chart asks for it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.plot.plotly_js import PLOTLY_URL

CHARTS = ("/diagnosis", "/compare", "/schedules")  # pages that draw at once; elsewhere it would be fetched for nothing


class Early:
    """Middleware: names plotly.js in the header of such a page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI says."""
        draws = scope["type"] == "http" and scope["path"].rstrip("/").endswith(CHARTS)
        await self._app(scope, receive, _naming(send) if draws else send)


def _naming(send: Send) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Link", f"<{PLOTLY_URL}>; rel=preload; as=script")
        await send(message)

    return named
