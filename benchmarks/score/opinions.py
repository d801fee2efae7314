"""What we and each rival say of a run, in the same form, kept on disk."""

import inspect
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.rivals import ask, environment, log, serve
from benchmarks.rivals.ask import Answer, Rival
from benchmarks.score.memo import Memo, fingerprint, rules_source
from benchmarks.score.prefixes import SHARES, verdicts
from diagnostics import Report, Run, diagnose

OURS = "curvewise"


@dataclass(frozen=True)
class Opinion:
    """What a judge says of one run.

    Attributes:
        says: every verdict its findings may stand for, the foremost finding first; empty when it is silent.
        first: the verdicts that the foremost finding with a class may stand for.
        alarms: the judge's names of what it says at warning or worse.
        seconds: what it took.
        error: why it could not judge, or None.
    """

    says: tuple[str, ...]
    first: tuple[str, ...]
    alarms: tuple[str, ...]
    seconds: float
    error: str | None = None

    @property
    def alarmed(self) -> bool:
        """Whether something at warning or worse is said."""
        return bool(self.alarms)

    def verdict(self, truth: str) -> str:
        """The one verdict it comes to.

        Where the foremost finding may stand for several, ``truth`` counts if it is among them; ``alarm`` where something is wrong and
        nothing is named; ``healthy`` where nothing is said.
        """
        if self.first:
            return truth if truth in self.first else self.first[0]
        return "alarm" if self.alarmed else "healthy"


class Reports:
    """Our reports, and our verdicts at prefixes; kept as long as the rules' sources stay as they are."""

    def __init__(self) -> None:
        self._reports = Memo("reports", rules_source())
        self._prefixes = Memo("prefixes", rules_source())

    def report(self, run: Run) -> Report:
        """The report on ``run``."""
        return self._timed(run)[0]

    def opinion(self, run: Run) -> Opinion:
        """The report as an opinion."""
        report, seconds = self._timed(run)
        alarms = tuple(f.rule for f in report.findings if f.severity != "info")
        return Opinion((report.verdict,), (report.verdict,), alarms, seconds)

    def verdicts(self, run: Run, shares: Sequence[float] = SHARES) -> list[tuple[float, str]]:
        """Share of the run and the verdict by then."""
        return self._prefixes.get(_at(run, shares), lambda: verdicts(run, shares))

    def look_ahead(self, asked: Iterable[tuple[Run, Sequence[float]]], jobs: int = 2) -> None:
        """Find ``verdicts`` of runs and shares that will be asked for, in ``jobs`` processes."""
        new = {key: (run, shares) for run, shares in asked if (key := _at(run, shares)) not in self._prefixes}
        runs, shares = [run for run, _ in new.values()], [at for _, at in new.values()]
        with ProcessPoolExecutor(jobs) as pool:
            for key, said in zip(new, pool.map(verdicts, runs, shares, chunksize=4), strict=True):
                self._prefixes.get(key, lambda said=said: said)  # type: ignore[misc]

    def save(self) -> None:
        """Keep what is new."""
        self._reports.save()
        self._prefixes.save()

    def _timed(self, run: Run) -> tuple[Report, float]:
        def find() -> tuple[Report, float]:
            begun = time.perf_counter()
            return diagnose(run), time.perf_counter() - begun

        return self._reports.get(fingerprint(run), find)


def _at(run: Run, shares: Sequence[float]) -> str:
    return f"{fingerprint(run)} {shares}"


def of_rival(name: str, runs: Iterable[Run]) -> list[Opinion]:
    """What the rival called ``name`` says of ``runs``, in their order."""
    sources = [inspect.getsource(part) for part in (ask.log_of, ask._lost, log, serve, environment.adapter(name))]
    memo = Memo(f"rival-{name}", environment.versions()[name] + "".join(sources))
    rival = Rival(name)
    answers: list[Answer] = [memo.get(fingerprint(run), lambda run=run: rival.judge(run)) for run in runs]  # type: ignore[misc]
    memo.save()
    rival.close()
    return [_opinion(answer) for answer in answers]


def _opinion(answer: Answer) -> Opinion:
    named: list[tuple[str, ...]] = [s.verdicts for s in answer.said if s.verdicts]
    says: dict[str, Any] = dict.fromkeys(v for verdicts in named for v in verdicts)
    alarms = tuple(s.finding for s in answer.said if s.severity != "info")
    return Opinion(tuple(says), named[0] if named else (), alarms, answer.seconds, answer.error)
