import gzip
from types import SimpleNamespace

import pytest

from app import routes
from app.plot.plotly_js import sooner


def asks(origin: str, host: str, monkeypatch) -> bool:
    monkeypatch.setattr(routes.st, "get_option", lambda name: ["localhost", "127.0.0.1"])
    headers = {key: value for key, value in {"origin": origin, "host": host}.items() if value}
    return routes._ours(SimpleNamespace(headers=headers, cookies={}))


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501"])
def test_our_own_pages_hear_the_news(host, monkeypatch):
    assert asks(f"http://{host}", host, monkeypatch)


@pytest.mark.parametrize(
    "origin, host",
    [
        ("http://evil.example", "localhost:8501"),
        ("http://localhost:9999", "localhost:8501"),
        ("http://evil.example:8501", "evil.example:8501"),  # a name that was made to point at this machine
        ("", "localhost:8501"),
    ],
)
def test_other_pages_do_not(origin, host, monkeypatch):
    assert not asks(origin, host, monkeypatch)


def test_plotly_is_served_from_the_installed_package():
    plain = routes.plotly_js(SimpleNamespace(headers={}))
    assert plain.body.decode() == sooner() and len(plain.body) > 1_000_000
    packed = routes.plotly_js(SimpleNamespace(headers={"accept-encoding": "gzip, br"}))
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == plain.body
