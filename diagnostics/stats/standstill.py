"""Whether a loss has stopped falling."""

from diagnostics.curve import Curve
from diagnostics.stats.level import end, start
from diagnostics.stats.trend import trend

GAIN = 0.05  # of the fall: a doubling of the steps that brings more is not "stuck"
LEFT = 0.04  # of the loss that is left: nor is one that takes more off it
MAYBE = 0.1  # of the fall: a gain that may be as large, as far as the noise lets one see, is not known to be none
CLEAR, LIKELY = 5.0, 3.0  # standard errors of a gain that is certain, and of one that forbids to call a wobble "stuck"


def gaining(loss: Curve, clear: float = CLEAR) -> bool:
    """Whether the end of the run still lowers ``loss``, by at least ``clear`` standard errors."""
    now = trend(loss)
    return -now.gain > GAIN * (start(loss) - end(loss)) and now.clarity > clear


def surely_stuck(loss: Curve) -> bool:
    """Whether ``loss`` neither likely gains, nor likely shrinks, nor may be falling behind its noise."""
    now, left = trend(loss), abs(end(loss))
    shrinks = -now.gain > LEFT * left and now.clarity > LIKELY
    hidden = 2 * now.error - now.gain > MAYBE * (start(loss) - end(loss))
    return not (gaining(loss, LIKELY) or shrinks or hidden)
