"""The page's sections on the lab: the matrix, every miss, how early, and what obeying brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.score import pictures, timing
from benchmarks.score.confusion import SHORT, as_tables, macro_f1
from benchmarks.score.grid import QUIET
from benchmarks.score.markdown import NONE, number, percent, share, table
from benchmarks.score.opinions import Reports
from benchmarks.score.prefixes import SHARES
from benchmarks.score.timing import Judged
from diagnostics import Report
from diagnostics.engine import HEADLINES

WORSE = 0.02  # share of the validation loss: an end that much higher is worse, not noise
TITLES = {
    "tuning": "Tuning part: thresholds were chosen while looking at these",
    "test": "Test part: other data sets and architectures, unseen once, looked at since",
    "check": "Check part: data sets and architectures of neither, unseen until it was judged",
    "fresh": "Fresh part: other data, networks, losses and habits again, by someone who had not read a rule",
    "wild": "Wild part: drawn by chance, none of its runs chosen, by someone who had not read a rule",
    "redrawn": "Redrawn part: drawn once more as the wild part was, from the same data and networks, unseen until it was judged",
    "long": "Long part: drawn a third time and trained two and a half times as long, unseen until it was judged",
    "further": "Further part: drawn a fourth time and trained one and a half times as long, unseen until it was judged",
    "again": "Again part: drawn a fifth time, as the further part was, unseen until it was judged",
    "later": "Later part: drawn a sixth time, as the two before it were, unseen until it was judged",
}
UNSEEN = {
    "test": 0.710,
    "check": 0.771,
    "fresh": 0.759,
    "wild": 0.608,
    "redrawn": 0.688,
    "long": 0.781,
    "further": 0.626,
    "again": 0.695,
    "later": 0.718,
}  # macro-F1, judged for the first time
# What a reader must know before believing a part's figures.
SEEN = {
    "tuning": "",
    "test": f"""Judged for the first time, and unseen until then, it came to **{UNSEEN["test"]:.3f}**. It has been looked at since, and the rules have learned from it.

""",
    "check": f"""Judged for the first time, at commit 26c06ff and unseen until then, it came to **{UNSEEN["check"]:.3f}**. Twelve of its 43 healthy runs were named underfitting because
both accuracies ended low, as their noisy labels let them; no verdict rests on that any more. So what stands below has profited from having looked:
{UNSEEN["check"]:.3f} is the honest figure.

""",
    "fresh": f"""Judged once, at commit c013164 and unseen until then, it came to **{UNSEEN["fresh"]:.3f}**, over ten verdicts: in none of its 40 runs at a rate that never falls was the
want of a decay a fact. Of its 20 healthy runs one was named a fault. What stands below is what the rules of today say of it.

""",
    "wild": f"""Judged once, at commit beaf89d and unseen until then, it came to **{UNSEEN["wild"]:.3f}** over eleven verdicts and 0.669 without `needs_decay`, of which it has one
run; 0.67 of the runs were named right. Of its 56 runs with update ratios 0.75 were, of the 69 without 0.61: short logs that say little. Of its 15 healthy runs
two were named a fault. Since then the rules have learned from its rates too low and from one of those
two; what stands below has profited from that.

""",
    "redrawn": f"""Judged once, at commit f68814c and unseen until then, it came to **{UNSEEN["redrawn"]:.3f}** over ten verdicts, `needs_decay` being a fact of none of its runs; 0.70 of
the runs were named right: of its 70 runs with update ratios 0.73, of the 58 without 0.66. Its networks, optimizers and faults are drawn anew, its data sets are those
of the wild part. Obeyed, the first remedy improved 80 of 93 and made 11 worse by more than 2 %. Of its 12 healthy
runs two were named a fault, both under Adagrad. The rules have learned from it since: updates that are never long beside a loss
that falls on in a line, how long the first update of each optimizer is in sound runs, and that a first batch may be an easy one.

""",
    "long": f"""Judged once, at commit 9e06eea and unseen until then, it came to **{UNSEEN["long"]:.3f}** over ten verdicts, `needs_decay` being a fact of none of its runs; 0.75 of
the runs were named right: of its 60 runs with update ratios 0.85, of the 56 without 0.64. Its networks, optimizers and faults are drawn anew, its data sets are those of the two parts before it; its runs
are two and a half times as long as theirs. Of its 15 healthy runs one was named a fault: all of its hidden units had died, and no rate that was tried does better. The rules have learned from it since: a loss that goes astray as the rate comes up, and is no more than back when it has come down; weights a hundred times their first size; an exponential decay that is next to nothing soon; and a jump that no decay brought down.

""",
    "further": f"""Judged once, at commit 259a223 and unseen until then, it came to **{UNSEEN["further"]:.3f}** over eleven verdicts and 0.691 without `needs_decay`, of which it has
two runs; 0.69 of the runs were named right: of its 81 runs with update ratios 0.74, of the 54 without 0.61. None of its 12 healthy runs was named a fault. Drawn anew as the parts
before it. Worst were weights that began too large (none of five) and rates too high or too low where no update ratio was logged. The rules have learned from it
since: weights that are overwritten all along, large weights under a normalization, that a residual network is as wide as what its last layer takes, Lion's decay, and a rise of validation
inside its jitter.

""",
    "again": f"""Judged once, at commit 37c0d29 and unseen until then, it came to **{UNSEEN["again"]:.3f}** over ten verdicts, `needs_decay` being a fact of none of its runs; 0.71 of
the runs were named right: of its 63 runs with update ratios 0.76, of the 77 without 0.68. None of its 15 healthy runs was named a fault. The rules have learned from it since: losses that swing far above their start, hinge losses that are solved
exactly, slow losses under noisy batches, large weights under a normalization, and what a narrow network or heavy dropout does to a training loss.

""",
    "later": f"""Judged once, at commit 644e8d2 and unseen until then, it came to **{UNSEEN["later"]:.3f}** over ten verdicts, `needs_decay` being a fact of none of its runs; 0.70 of
the runs were named right: of its 59 runs with update ratios 0.69, of the 69 without 0.71. Of its 12 healthy runs one was named a fault: under Adagrad at a rate of 3, its loss had
been flung to 960 times its start, and no other rate that was tried does better. Ten of its sixteen runs held back by a setting were missed, eight of them by a weight decay. The rules have learned from it
since: a weight decay that is absurd counts where nobody recorded the weights, and how long Lion's and plain SGD's first updates usually are.

""",
}


@dataclass(frozen=True)
class Part:
    """One part of the lab, judged."""

    name: str
    cases: Sequence[Judged]
    reports: Reports

    @cached_property
    def said(self) -> list[Report]:
        """Our reports, in the order of the cases."""
        return [self.reports.report(case.run) for case in self.cases]

    @cached_property
    def truths(self) -> list[str]:
        """The true verdicts."""
        return [case.truth for case in self.cases]

    @cached_property
    def verdicts(self) -> list[str]:
        """The verdicts given."""
        return [report.verdict for report in self.said]

    @cached_property
    def times(self) -> pd.DataFrame:
        """When each true verdict was reached."""
        return timing.measured(self.cases, self.reports)

    @property
    def f1(self) -> float:
        """Macro-F1."""
        return macro_f1(self.truths, self.verdicts)

    @property
    def misses(self) -> list[pictures.Miss]:
        """The runs whose verdict is wrong."""
        return [
            pictures.Miss(c.name, c.truth, c.run, r)
            for c, r in zip(self.cases, self.said, strict=True)
            if c.truth != r.verdict
        ]

    @property
    def alarmed(self) -> list[bool]:
        """Of the healthy runs: whether a finding at warning or worse stands."""
        sound = [r for t, r in zip(self.truths, self.said, strict=True) if t == "healthy"]
        return [any(f.severity != "info" for f in r.findings) for r in sound]


def matrix(part: Part) -> str:
    """The confusion matrix with its scores."""
    quiet = [v in QUIET for t, v in zip(part.truths, part.verdicts, strict=True) if t == "healthy"]
    heads = ", ".join(f"{short} `{slug}`" for slug, short in SHORT.items())
    seen = SEEN.get(part.name, "")
    return (
        f"### {TITLES[part.name]}\n\n{seen}{len(part.cases)} runs, macro-F1 **{part.f1:.3f}**. Rows are the truth, columns what was said ({heads}).\n\n"
        + as_tables(part.truths, part.verdicts)
        + f"\nOf the healthy runs, {share(sum(part.alarmed), len(part.alarmed))} have a finding at warning or worse and "
        f"{share(len(quiet) - sum(quiet), len(quiet))} a verdict other than `healthy` and `keep_training`.\n"
    )


def failures(part: Part, pictured: str | None) -> str:
    """Every miss in words, and the picture of them."""
    if not part.misses:
        return f"No run of the {part.name} part was judged wrongly.\n"
    words = "".join(
        f"- `{m.name}` is `{m.truth}`, said `{m.report.verdict}`: {m.report.headline.message}\n" for m in part.misses
    )
    picture = (
        f"![The curves of the runs of the {part.name} part that were judged wrongly]({pictured})\n\n"
        if pictured
        else ""
    )
    return (
        f"### Judged wrongly in the {part.name} part: {len(part.misses)} of {len(part.cases)}\n\n{picture}"
        f"<details><summary>The same in words</summary>\n\n{words}\n</details>\n"
    )


def draw(part: Part, folder: Path) -> str | None:
    """Draw the misses and return the link to the picture; None, and no picture left, where there are none."""
    file = folder / f"{part.name}.png"
    file.unlink(missing_ok=True)
    if part.misses:
        pictures.draw(part.misses, file)
    return f"{folder.name}/{file.name}" if part.misses else None


def early(part: Part) -> str:
    """When each fault is found, and how steady verdicts are."""
    rows = [
        [
            f"`{slug}`",
            f"{row.runs:.0f}",
            percent(row["first"]),
            percent(row.settled),
            NONE if pd.isna(row.lower) or not np.isfinite(row.lower) else percent(row.lower),
            NONE if not np.isfinite(row.late) else percent(row.late),
            f"{row.never:.0f}",
            NONE if pd.isna(row.due) else percent(row.due),
            NONE if pd.isna(row.due) else share(row["in time"], row.runs),
        ]
        for slug, row in timing.by_truth(part.times).iterrows()
    ]
    head = [
        "fault",
        "runs",
        "first said, median",
        "said and stays, median",
        "a lower rate asked for and stays, median",
        "90th percentile",
        "never stays",
        "due",
        "stays in time",
    ]
    flips = part.times.flips
    return (
        f"### {part.name.capitalize()} part\n\n"
        + table(head, rows)
        + f"\nThe verdict changes {number(float(flips.mean()))} times a run on average; more than once in {share(int((flips > 1).sum()), len(flips))}.\n"
    )


def early_words() -> str:
    """How it was measured."""
    shares = ", ".join(f"{100 * s:g}" for s in SHARES[:8])
    return (
        f"Each run is judged again at {len(SHARES)} moments ({shares}, then every 5 %), with nothing known of what came after. *Stays* is the first moment from which on "
        "the true verdict is said without a break. All as a share of the run; of overfitting, as a share of the run after the true minimum of the validation loss. "
        "`diverged` and `lr_too_high` both ask for a lower rate, and whether a loss that was thrown up comes down again only the rest of the run tells: one column takes either. "
        "A change of verdict counts from the first that is not `not_enough_data`.\n"
    )


def obeyed(rows: pd.DataFrame) -> str:
    """What retraining with the first remedy brought; ``rows`` as of ``benchmarks.lab.obey.outcomes``."""
    kinds: list[tuple[str, pd.DataFrame]] = [
        (f"`{slug}`", rows[rows.said == slug]) for slug in HEADLINES if slug in set(rows.said)
    ]
    lines = []
    for name, mine in [*kinds, ("all", rows)]:
        tried = tried_again(mine)
        lines.append(
            [
                name,
                f"{len(mine)}",
                f"{len(tried)}",
                share(int((tried < 0).sum()), len(tried)),
                f"{int((tried > WORSE).sum())}",
                NONE if tried.empty else f"{100 * tried.median():+.0f} %",
            ]
        )
    reasons = rows[rows.change.isna()].groupby("why").size()
    told = "; ".join(f"{why}: {count}" for why, count in reasons.items())
    head = [
        "said",
        "runs",
        "trained again",
        "improved",
        f"worse by more than {100 * WORSE:.0f} %",
        "median change of validation loss",
    ]
    return table(head, lines) + (f"\nNot trained again: {told}.\n" if told else "")


def tried_again(rows: pd.DataFrame) -> "pd.Series[float]":
    """Change of the validation loss, as a share, of the runs that were trained again."""
    return rows.change.dropna().astype(float)
