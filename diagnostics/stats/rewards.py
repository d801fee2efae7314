"""Whether the run trains an agent: its loss rises with what the agent gains, and tells nothing of how well it does."""

import re

from diagnostics.run import Run

# what Stable-Baselines3, CleanRL, RLlib and TRL call it; no "return" of a stock: that is a target
REWARDS = re.compile(
    r"(^|[/_. ])(ep(isode|isodic)?[_ ]?(rew(ard)?|ret(urn)?|len(gth)?)(_?mean)?|rewards?([_/. ]mean)?|episodic_returns?)($|[/_. ])",
    re.IGNORECASE,
)


def rewarded(run: Run) -> bool:
    """By the names of what was logged."""
    return any(REWARDS.search(tag) for tag in run.curves)
