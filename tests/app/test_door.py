"""Sign-in: who has not signed in sees no run, in the pages and in our own routes."""

import importlib.util
import json
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.requests import Request
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from app import door, library, routes

RUN = "sample/digits-healthy"
AUTH = {"client_id": "x", "client_kwargs": {"prompt": "login"}, "lab": {"client_id": "y"}}
SECRET = "a secret of at least thirty-two bytes"


@pytest.fixture
def closed(monkeypatch):
    monkeypatch.setattr(door, "locked", lambda: True)


def request(path: str, run: str = RUN, cookie: str = "", host: str = "localhost") -> Request:
    headers = [(b"host", host.encode()), (b"cookie", cookie.encode())]
    query = f"run={run}&x=step&from=0&to=9&width=100"
    return Request({"type": "http", "path": path, "query_string": query.encode(), "headers": headers, "method": "GET"})


ROUTES = [route for route in routes.ROUTES if "plotly" not in route.path and "news" not in route.path]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_a_route_says_nothing_without_a_pass(route, closed, runs, monkeypatch):
    monkeypatch.setattr(routes.st, "get_option", lambda name: ["localhost"])
    good = f"{door.COOKIE}={door.new_pass(time.time())}"
    assert route.endpoint(request(route.path)).status_code == 401
    assert route.endpoint(request(route.path, run="no such run")).status_code == 401, "nor which runs there are"
    assert route.endpoint(request(route.path, cookie=good, host="elsewhere")).status_code == 403
    assert route.endpoint(request(route.path, cookie=good)).status_code == 200
    assert route.endpoint(request(route.path, run="../../etc/passwd", cookie=good)).status_code == 404


def test_the_news_are_for_who_has_a_pass(closed, monkeypatch):
    monkeypatch.setattr(routes.st, "get_option", lambda name: [])
    headers = {"origin": "http://localhost:8501", "host": "localhost:8501"}
    assert not routes._ours(SimpleNamespace(headers=headers, cookies={}))
    assert routes._ours(SimpleNamespace(headers=headers, cookies={door.COOKIE: door.new_pass(time.time())}))


@pytest.mark.parametrize("forged", ["", ".", "9999999999", "9999999999.", "9999999999.0", "x.y", "é.é"])
def test_a_pass_cannot_be_made_up(forged, closed):
    assert not door.admits({door.COOKIE: forged}, time.time())


def test_a_pass_runs_out(closed):
    given = door.new_pass(1000)
    assert door.admits({door.COOKIE: given}, 1000 + door.LASTS - 1)
    assert not door.admits({door.COOKIE: given}, 1000 + door.LASTS)
    until, _, signature = given.partition(".")
    assert not door.admits({door.COOKIE: f"{int(until) + 9}.{signature}"}, 1000), "nor be made to last"


def test_nobody_has_to_sign_in_where_it_is_not_configured(monkeypatch):
    monkeypatch.setattr(door.st, "get_option", lambda name: [])
    monkeypatch.setattr(door.st, "secrets", SimpleNamespace(load_if_toml_exists=lambda: False))
    assert not door.locked() and door.admits({}, 0)


def test_secrets_that_cannot_be_read_open_nothing(tmp_path, monkeypatch):
    (tmp_path / "secrets.toml").write_text("[auth")
    monkeypatch.setattr(door.st, "get_option", lambda name: [str(tmp_path / "secrets.toml")])
    monkeypatch.setattr(door.st, "secrets", SimpleNamespace(load_if_toml_exists=lambda: False))
    assert door.locked()


def opened(user: dict[str, object]) -> AppTest:
    at = AppTest.from_file(str(library.ROOT / "app" / "navigation.py"), default_timeout=60)
    at.secrets["auth"] = {"redirect_uri": "http://localhost:8501/oauth2callback", "lab": {"client_id": "x"}}
    at.user = user
    return at.run()


def test_who_has_not_signed_in_sees_nothing(runs, closed):
    at = opened({"is_logged_in": False})
    assert not at.exception and [title.value for title in at.title] == ["Curvewise"]
    assert not at.get("bidi_component"), "no list of runs, and no pass"


def test_who_has_signed_in_sees_the_runs_and_gets_a_pass(runs, closed):
    at = opened({"is_logged_in": True, "email": "ada@lab.example"})
    assert not at.exception and at.title[0].value == "Runs"
    given = [json.loads(c.proto.json) for c in at.get("bidi_component")]
    assert any(door.admits({door.COOKIE: data.get("value", "")}, time.time()) for data in given)


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """As whoever runs a shared server writes them."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:1/oauth2callback"\ncookie_secret = "{SECRET}"\n'
        'client_id = "x"\nclient_secret = "y"\nserver_metadata_url = "https://login.example/.well-known"\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.browser
@pytest.mark.slow
def test_a_shared_server_in_a_real_browser(secrets, server, chromium):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{server}/curvewise/data.csv?run={RUN}")
    page = chromium.new_page()
    page.goto(f"{server}/diagnosis?run={RUN}")
    page.get_by_role("heading", name="Curvewise").wait_for(timeout=60_000)
    page.wait_for_timeout(1_000)
    assert "digits" not in page.content() and not page.locator(".cw-chart").count()

    who = {"origin": server, "is_logged_in": True, "email": "ada@lab.example"}
    signed = URLSafeTimedSerializer(SECRET, salt="_streamlit_user").dumps(json.dumps(who))
    page.context.add_cookies([{"name": "_streamlit_user", "value": signed, "url": server}])
    with page.expect_response(lambda answer: "/curvewise/points" in answer.url and answer.ok, timeout=60_000):
        page.goto(f"{server}/diagnosis?run={RUN}&zoom=100-300")
    page.wait_for_selector(".cw-chart.cw-ready", timeout=60_000)
    assert page.get_by_text("ada@lab.example").count() == 1


def test_each_provider_has_its_button(runs, closed, monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: known("json") if name == "authlib" else known(name))
    monkeypatch.setattr(Secrets, "load_if_toml_exists", lambda secrets: True)
    monkeypatch.setattr(Secrets, "__getitem__", lambda secrets, name: AUTH)
    assert [button.label for button in opened({"is_logged_in": False}).button] == ["Sign in", "Sign in with lab"]
