"""How often open tabs are told news: so that redrawing all of them takes no more than half a core."""

import time

QUICKEST, SLOWEST = 0.25, 2.0  # s between two messages to a tab: the eye asks no more, and nobody waits three seconds
SHARE = 0.4  # of a core, for the whole server; what a burst takes beyond it fits into half of one
EVERY = 2.0  # s between two looks at what the server has taken


class Throttle:
    """The ``pause`` between two messages to a tab, in seconds, by what the server took of the processor lately."""

    def __init__(self) -> None:
        self.pause = QUICKEST
        self._looked, self._busy = time.monotonic(), time.process_time()

    def look(self) -> None:
        """To be called every now and then."""
        now, busy = time.monotonic(), time.process_time()
        if now - self._looked < EVERY:
            return
        share = (busy - self._busy) / (now - self._looked)
        self._looked, self._busy = now, busy
        self.pause = after(self.pause, share)


def after(pause: float, share: float) -> float:
    """The pause after one during which the server took ``share`` of a core: work goes with the messages, so in proportion."""
    return min(max(pause * share / SHARE, QUICKEST), SLOWEST)
