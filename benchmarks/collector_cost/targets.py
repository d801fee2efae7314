"""What we promise, judged on the measurements of the same run."""

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.collector_cost.share import OURS as VARIANTS
from benchmarks.collector_cost.tools import OURS, TRACKIO

MEDIAN, P99 = 2.0, 30.0  # µs
OF_TRACKIO = 1 / 5
SHARE = 1.0  # % of step time
DEFAULT = next(iter(VARIANTS))
JUDGED = ("transformer", "ResNet")


@dataclass(frozen=True)
class Target:
    """A promise; ``met`` is None when it could not be judged."""

    name: str
    goal: str
    measured: str
    met: bool | None

    def row(self) -> list[str]:
        """Its line of the table."""
        return [self.name, self.goal, self.measured, {True: "met", False: "**missed**", None: "not judged"}[self.met]]


def of_calls(found: dict[str, dict[str, Any]]) -> list[Target]:
    """Median, p99 and the median beside Trackio's in the tight loop; paced, for looking: that is the caches' cold start too."""
    ours, theirs = found[OURS], found.get(TRACKIO)
    targets = [_below("median of a call, tight loop", ours["tight"]["median"], MEDIAN, "µs")]
    targets += [_below("p99 of a call, tight loop", ours["tight"]["p99"], P99, "µs")]
    targets += [replace(_below("p99 of a call, paced", ours["paced"]["p99"], P99, "µs"), met=None)]
    for mode in ours:
        name = f"median beside Trackio's, {mode}"
        if theirs is None:
            targets.append(Target(name, f"≤ {OF_TRACKIO:g} ×", "Trackio is not installed", None))
        else:
            beside = _below(name, ours[mode]["median"] / theirs[mode]["median"], OF_TRACKIO, "×")
            targets.append(beside if mode == "tight" else replace(beside, met=None))
    return targets


def of_shares(found: list[dict[str, Any]]) -> list[Target]:
    """Default configuration, inside our calls and hooks."""
    rows = [row for row in found if row["tool"] == DEFAULT and row["network"] in JUDGED]
    return [_below(f"share of a {row['network']} step, default, inside", row["inside"], SHARE, "%") for row in rows]


def of_kills(found: dict[str, dict[str, list[dict[str, Any]]]]) -> list[Target]:
    """None lost at either pace."""
    made = [kill for paces in found[OURS].values() for kill in paces]
    lost, doubled = sum(k["lost"] for k in made), sum(k["doubled"] for k in made)
    said = f"{lost} lost, {doubled} doubled in {len(made)} kills"
    return [Target("acknowledged steps lost at SIGKILL", "0", said, lost == doubled == 0)]


def of_storm(found: dict[str, Any]) -> list[Target]:
    """None lost, doubled or changed in many kills."""
    tallies = found["scenarios"].values()
    lost, kills, rows = (sum(tally[name] for tally in tallies) for name in ("lost", "kills", "rows"))
    faults = sum(len(tally["wrong"]) for tally in tallies)
    said = f"{lost} lost, {faults} faults in {kills} kills of {rows:,} rows, {found['seconds']:.0f} s"
    return [Target("many kills: rows lost, doubled or changed", "0", said, lost == faults == 0)]


def _below(name: str, value: float, goal: float, unit: str) -> Target:
    return Target(name, f"≤ {goal:g} {unit}", f"{value:.3g} {unit}", value <= goal)
