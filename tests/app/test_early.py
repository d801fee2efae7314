import asyncio
import re

import pytest

from app.early import HERE, STATIC, Early, parts
from app.plot.plotly_js import PLOTLY_URL

PAGE = [b"<html><head><title>Streamlit</title>", b"</head><body></body></html>"]


def sent(path: str, body: list[bytes] = PAGE) -> tuple[dict[bytes, bytes], bytes, dict[str, str]]:
    """What a page at ``path`` is sent with: its headers, its body, and the headers it was asked with."""
    said, asked = [], {}

    async def page(scope, receive, send):
        asked.update(dict(scope["headers"]))
        length = str(sum(map(len, body))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for i, part in enumerate(body, 1):
            await send({"type": "http.response.body", "body": part, "more_body": i < len(body)})

    async def send(message):
        said.append(message)

    scope = {
        "type": "http",
        "path": path,
        "query_string": b"",
        "headers": [(b"accept-encoding", b"gzip"), (b"host", b"localhost")],
    }
    asyncio.run(Early(page)(scope, None, send))
    return dict(said[0]["headers"]), b"".join(message["body"] for message in said[1:]), asked


@pytest.mark.parametrize("path", ["/diagnosis", "/compare/", "/lab/schedules"])
def test_a_page_with_charts_names_what_it_will_need(path):
    headers, body, asked = sent(path)
    text = body.decode()
    head = text.split("</head>")[0]
    assert head.startswith("<html><head><title>Streamlit</title>" + HERE) and text.endswith(
        "</head><body></body></html>"
    )
    assert f'<link rel="preload" as="script" href="{PLOTLY_URL}">' in head
    assert re.search(r'rel="modulepreload" crossorigin href="./static/js/BidiComponent\.[\w-]+\.js"', head)
    assert headers[b"content-length"] == str(len(body)).encode() and list(asked) == [b"host"]


@pytest.mark.parametrize("path", ["/", "/rulebook", "/curvewise/plotly.js", "/diagnosis/_stcore/health"])
def test_others_are_sent_as_they_are(path):
    _, body, asked = sent(path)
    assert body == b"".join(PAGE) and b"accept-encoding" in asked


def test_what_is_no_page_is_sent_as_it_is():
    assert sent("/diagnosis", [b"moved"])[1] == b"moved"


def test_the_parts_come_with_what_they_import_and_without_what_the_page_names():
    found, named = parts(STATIC), (STATIC / "index.html").read_text("utf-8")
    assert any(name.startswith("Selectbox.") for name in found) and any(name.startswith("Input.") for name in found)
    assert len(set(found)) == len(found) and not any(name in named for name in found)
