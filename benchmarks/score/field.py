"""We and the rivals on the same runs, counted the same way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.score.confusion import by_verdict
from benchmarks.score.grid import QUIET, RATES, Public, sound
from benchmarks.score.markdown import NONE, number, seconds, table
from benchmarks.score.opinions import Opinion
from benchmarks.score.timing import Judged
from diagnostics.engine import HEADLINES


@dataclass(frozen=True)
class Judge:
    """One judge's opinions on each set of runs, in the order of the runs; None for a set that was not asked for."""

    name: str
    version: str
    form: str
    lab: list[Opinion] | None = None
    deepobs: list[Opinion] | None = None
    algoperf: list[Opinion] | None = None
    names: frozenset[str] = frozenset(HEADLINES)

    @property
    def all(self) -> list[Opinion]:
        """Every opinion."""
        return [*(self.lab or ()), *(self.deepobs or ()), *(self.algoperf or ())]


def lab_table(judges: Iterable[Judge], cases: Sequence[Judged]) -> str:
    """How right each is on the lab's runs."""
    truth = [case.truth for case in cases]
    head = [
        "judge",
        "verdicts it can give",
        "macro-F1, all",
        "macro-F1, those",
        "truth among all it says",
        "F1 overfitting",
        "healthy runs alarmed",
    ]
    rows = []
    for judge in judges:
        assert judge.lab is not None
        said = [o.verdict(t) for o, t in zip(judge.lab, truth, strict=True)]
        scores = by_verdict(truth, said).F1
        own = scores[[slug for slug in scores.index if slug in judge.names]]
        among = np.mean(
            [t in o.says or (t == "healthy" and o.verdict(t) == t) for o, t in zip(judge.lab, truth, strict=True)]
        )
        quiet = [o.alarmed for o, t in zip(judge.lab, truth, strict=True) if t == "healthy"]
        rows.append(
            [
                judge.name,
                f"{len(own)} of {len(scores)}",
                number(float(scores.mean())),
                number(float(own.mean())),
                number(float(among)),
                number(scores.get("overfitting")),
                _share(quiet),
            ]
        )
    return table(head, rows)


def deepobs_table(judges: Iterable[Judge], deepobs: Public) -> str:
    """Recall as the class and as "something is wrong", and false alarms."""
    head = [
        "judge",
        "too high: said so",
        "too high: anything",
        "too low: said so",
        "too low: anything",
        "diverged: said so",
        "diverged: anything",
        "rising validation: `overfitting`",
        "sound runs: named a fault",
        "sound runs: alarmed",
    ]
    labels = deepobs.labels.label.to_numpy()
    quiet, rises = sound(deepobs).to_numpy(), deepobs.labels.val_rises.to_numpy()
    rows = []
    for judge in judges:
        assert judge.deepobs is not None
        opinions = judge.deepobs
        cells = []
        for truth in (*RATES, "diverged"):
            mine = [o for o, label in zip(opinions, labels, strict=True) if label == truth]
            cells += [_share([o.verdict(truth) == truth for o in mine]), _share([o.alarmed for o in mine])]
        over = [o.verdict("overfitting") == "overfitting" for o, r in zip(opinions, rises, strict=True) if r]
        calm = [o for o, q in zip(opinions, quiet, strict=True) if q]
        rows.append(
            [judge.name, *cells, _share(over), _share([_faults(o) for o in calm]), _share([o.alarmed for o in calm])]
        )
    return table(head, rows)


def algoperf_table(judges: Iterable[Judge]) -> str:
    """False alarms on the best trials, and what a run takes."""
    rows = []
    for judge in judges:
        assert judge.algoperf is not None
        errors = sum(o.error is not None for o in judge.all)
        took = [o.seconds for o in judge.all if o.error is None]
        rows.append(
            [
                judge.name,
                judge.version,
                judge.form,
                _share([o.alarmed for o in judge.algoperf]),
                _share([_faults(o) for o in judge.algoperf]),
                _most(judge.algoperf),
                seconds(float(np.median(took))) if took else NONE,
                f"{errors:,} of {len(judge.all):,}",
            ]
        )
    return table(
        [
            "judge",
            "version",
            "given",
            "alarmed",
            "named a fault",
            "alarmed most often by",
            "median time a run",
            "runs refused",
        ],
        rows,
    )


def _most(opinions: Iterable[Opinion]) -> str:
    """The finding that alarms most often, and on how many runs."""
    counts = Counter(name for o in opinions for name in dict.fromkeys(o.alarms))
    return "".join(f"{name} ({count})" for name, count in counts.most_common(1)) or NONE


def _faults(opinion: Opinion) -> bool:
    """Whether it names a fault as its foremost class, at whatever severity."""
    said = opinion.verdict("healthy")
    return said not in (*QUIET, "not_enough_data", "alarm")


def _share(values: Sequence[bool]) -> str:
    return f"{np.mean(values):.2f}" if len(values) else NONE
