from pathlib import Path

import pytest

from app import library


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the user's own runs."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv(library.RUNS, str(folder))
    return folder
