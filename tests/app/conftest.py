from pathlib import Path

import pytest

from app import index, library


@pytest.fixture(scope="session")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the rows of the samples are remembered from test to test."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def patient(remembered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a test waits until everything has been read, and nothing is written into the user's own cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(remembered))
    monkeypatch.setattr(index, "PATIENCE", 60.0)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the user's own runs."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv(library.RUNS, str(folder))
    return folder
