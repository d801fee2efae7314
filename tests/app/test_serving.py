import asyncio
import gc
import sys

from app.serving import serving


def test_what_is_there_at_the_start_is_spared_from_garbage_collection(runs):
    async def up() -> int:
        async with serving(None):
            return gc.get_freeze_count()

    before = gc.get_freeze_count()
    assert asyncio.run(up()) > 10_000
    assert gc.get_freeze_count() <= before
    assert "app.views.diagnosis" in sys.modules  # or the first reader would wait for it
