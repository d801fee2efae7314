import asyncio

import pytest

from app.early import Early
from app.plot.plotly_js import PLOTLY_URL


def headers_of(path: str) -> dict[bytes, bytes]:
    """What a page at ``path`` is sent with."""
    sent = []

    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"page"})

    async def send(message):
        sent.append(message)

    asyncio.run(Early(page)({"type": "http", "path": path}, None, send))
    assert sent[1]["body"] == b"page"
    return dict(sent[0]["headers"])


@pytest.mark.parametrize("path", ["/diagnosis", "/compare/", "/lab/schedules"])
def test_a_page_with_charts_names_plotly_js(path):
    assert headers_of(path)[b"link"].decode() == f"<{PLOTLY_URL}>; rel=preload; as=script"


@pytest.mark.parametrize("path", ["/", "/rulebook", "/curvewise/plotly.js", "/diagnosis/_stcore/health"])
def test_others_do_not(path):
    assert b"link" not in headers_of(path)
