import time

import pytest

from app import ahead, door, library


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """What is read."""
    keys: list[str] = []
    monkeypatch.setattr(library, "case", keys.append)
    return keys


def begin(path: str, query: bytes) -> None:
    ahead.begin({"type": "http", "path": path, "query_string": query})
    time.sleep(0.1)


def test_the_run_that_the_address_names_is_read(read):
    begin("/lab/diagnosis", b"run=a%2Fb%20c&x=epoch")
    assert read == ["a/b c"]


@pytest.mark.parametrize(
    "path, query", [("/diagnosis", b""), ("/diagnosis", b"run="), ("/compare", b"run=a"), ("/", b"run=a")]
)
def test_no_other_page_has_any_read(path, query, read):
    begin(path, query)
    assert read == []


def test_nothing_is_read_for_who_may_have_to_sign_in(read, monkeypatch):
    monkeypatch.setattr(door, "locked", lambda: True)
    begin("/diagnosis", b"run=a")
    assert read == []
