"""What a diagnosis says: findings with evidence and remedies, under exactly one verdict."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")  # mildest first


@dataclass(frozen=True)
class Evidence:
    """One measurement on one curve: what the app shades and prints.

    ``first_step`` … ``last_step`` is the span it was measured on; ``measured`` and ``threshold`` share ``unit``.
    """

    tag: str
    first_step: int
    last_step: int
    statistic: str
    measured: float
    threshold: float
    unit: str = ""


@dataclass(frozen=True)
class Remedy:
    """An action a person reads and a machine can apply.

    ``parameter`` names what to change; exactly one of ``factor`` (multiply by) and ``value`` (set to) says how. ``from_step``:
    the run goes on, changed from this step on; None where it starts again.
    """

    action: str
    parameter: str
    because: str
    factor: float | None = None
    value: float | int | str | None = None
    from_step: int | None = None

    def __post_init__(self) -> None:
        if (self.factor is None) == (self.value is None):
            raise ValueError(f"remedy {self.action!r}: give exactly one of factor and value")

    def to_json(self) -> dict[str, Any]:
        """The remedy as in the report JSON; what is not set is left out."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Finding:
    """A rule that fired: one sentence with the numbers, its evidence and its remedies, cheapest first."""

    rule: str
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...] = ()

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"finding of {self.rule}: no verdict without evidence")

    @property
    def first_step(self) -> int:
        """Where the trouble begins: the first step of the first evidence."""
        return self.evidence[0].first_step

    def to_json(self) -> dict[str, Any]:
        """The finding as in the report JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "evidence": [asdict(e) for e in self.evidence],
            "remedies": [r.to_json() for r in self.remedies],
        }


@dataclass(frozen=True)
class NotChecked:
    """A rule that could not judge, and why: a missing curve, too few points."""

    rule: str
    because: str


@dataclass(frozen=True)
class Rival:
    """Another verdict whose signs are there: what it would have said, and what speaks against giving it."""

    rule: str
    message: str
    against: str


@dataclass(frozen=True)
class Report:
    """The verdict on a run: exactly one slug, the findings worst first, the rules that are clear, those not checked, the rivals."""

    run: str
    source: str
    verdict: str
    findings: tuple[Finding, ...]
    clear: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    rivals: tuple[Rival, ...] = ()

    @property
    def headline(self) -> Finding:
        """The finding behind the verdict."""
        return next(f for f in self.findings if f.rule == self.verdict)

    def to_json(self) -> dict[str, Any]:
        """The report as in ``curvewise diagnose --json``: JSON types only, non-finite measurements as null."""
        return {
            "run": self.run,
            "source": self.source,
            "verdict": self.verdict,
            "findings": [_finite(f.to_json()) for f in self.findings],
            "clear": list(self.clear),
            "not_checked": [asdict(n) for n in self.not_checked],
            "rivals": [asdict(r) for r in self.rivals],
        }


def _finite(value: Any) -> Any:
    """``value`` with every non-finite float replaced by None: strict JSON has no NaN."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
