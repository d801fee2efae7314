"""Who may come in where sign-in is configured: the page that asks, and the pass that a signed-in tab shows our own routes.

Streamlit tells its scripts who has signed in, but not the routes beside them. So the script of a signed-in tab hands the
browser a pass, signed with a key that only this process knows; the browser shows it as a cookie (docs/sharing.md).
"""

import hmac
import importlib.util
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import streamlit as st

from app.words import plain

COOKIE = "curvewise_pass"
LASTS = 24 * 3600  # s: a tab that is open gets a new one whenever the page runs
KEY = secrets.token_bytes(32)

_keep = st.components.v2.component(
    "curvewise.pass", js=Path(__file__).with_name("plot").joinpath("pass.js").read_text(encoding="utf-8")
)


def locked() -> bool:
    """Whether one has to sign in; also when the secrets, which would say so, are there and cannot be read."""
    if st.secrets.load_if_toml_exists():
        return "auth" in st.secrets
    return any(Path(file).exists() for file in st.get_option("secrets.files"))


def enter() -> bool:
    """Whether this tab may see the runs. If not, it is asked to sign in; if so, and one had to, it gets its pass."""
    if not locked():
        return True
    if not st.user.get("is_logged_in"):
        _ask()
        return False
    _keep(key="door", data={"name": COOKIE, "value": new_pass(time.time()), "seconds": LASTS})
    with st.sidebar:
        st.caption(plain(st.user.get("email") or st.user.get("name") or "signed in"))
        st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=st.logout)
    return True


def new_pass(now: float) -> str:
    """A pass that holds from ``now`` (s since 1970) for ``LASTS``."""
    until = str(int(now) + LASTS)
    return f"{until}.{_signed(until)}"


def admits(cookies: Mapping[str, str], now: float) -> bool:
    """Whether who shows ``cookies`` may have data: everybody where nobody has to sign in."""
    if not locked():
        return True
    until, _, signature = cookies.get(COOKIE, "").partition(".")
    known = hmac.compare_digest(signature.encode(), _signed(until).encode())
    return known and until.isdecimal() and now < int(until)


def _signed(until: str) -> str:
    return hmac.new(KEY, until.encode(), sha256).hexdigest()


def _ask() -> None:
    """The sign-in page: a button for each provider, or why nobody can."""
    with st.container(border=True, gap="small", key="door-ask"):
        st.title("Curvewise", anchor=False)
        if not st.secrets.load_if_toml_exists():
            st.error("The server's secrets.toml cannot be read, so nobody can sign in.", icon=":material/lock:")
        elif importlib.util.find_spec("authlib") is None:
            st.error("Sign-in needs: pip install 'streamlit[auth]'", icon=":material/lock:")
        else:
            st.caption("Sign in to see the runs on this server.")
            for provider in providers(st.secrets["auth"]):
                _button(provider)


def _button(provider: str | None) -> None:
    label = "Sign in" if provider is None else f"Sign in with {plain(provider)}"
    st.button(
        label,
        icon=":material/login:",
        type="primary",
        on_click=st.login,
        args=(provider,),
        key=str(provider),
        width="stretch",
    )


def providers(auth: Mapping[str, object]) -> list[str | None]:
    """The names of the providers in the section ``auth`` of the secrets; None is the one without a name."""
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and name != "client_kwargs"]
    return [None, *named] if "client_id" in auth else [*named]
