"""The measurements as Markdown tables."""

from collections.abc import Iterable
from typing import Any

from benchmarks.collector_cost.call import PACE_NS, ROUNDS, STEPS
from benchmarks.collector_cost.share import OURS

Row = list[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float) -> str:
    """Three significant digits, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def calls(found: dict[str, dict[str, Any]]) -> str:
    """Cost of a call."""
    figures = ["median", "p99", "max", "mean", "cpu", "close_ms"]
    head = ["tool", "mode", "median µs", "p99 µs", "max µs", "mean µs", "CPU µs a step, all threads", "close ms"]
    rows = [
        [tool, mode, *(number(modes[mode][name]) for name in figures)]
        for mode in STEPS
        for tool, modes in found.items()
    ]
    return (
        "## One step of four named floats\n\n"
        f"Median of {ROUNDS} rounds in random order (max: the largest), each in a process of its own; {STEPS['tight']:,} calls in a tight "
        f"loop, {STEPS['paced']:,} with {PACE_NS / 1e6:.0f} ms of numpy between them; garbage collection as Python has it. CPU: from the first "
        "timed call until the tool is closed, helper processes included, less the work between the calls. *Paced* shows calls with cold "
        "caches, and the machine's other work too, as `nothing` and `csv + flush` tell: its p99 is shown and not judged.\n\n"
        + table(head, rows)
    )


def shares(found: list[dict[str, Any]]) -> str:
    """Share of step time."""
    head = [
        "training",
        "tool",
        "step ms",
        "inside, % of a step",
        "inside, µs a step",
        "paired, %",
        "95 % interval",
        "pairs",
    ]
    rows = [
        [
            row["network"],
            row["tool"],
            number(row["step_ms"]),
            f"{row['inside']:.2f}",
            number(row["inside_us"]),
            f"{row['paired']:+.2f}",
            f"{row['low']:+.2f} … {row['high']:+.2f}",
            f"{row['pairs']}",
        ]
        for row in found
    ]
    return (
        "## Share of a training step\n\n"
        "Logged every step: the loss (peers: also the learning rate, which ours sees by itself). *Inside* is the time within the tool's calls "
        "and hooks on the training thread: little noise, and blind to what they do to the rest. *Paired* is whole blocks of training with and "
        "without the tool, in random order in one process: everything is in it, the machine's noise too, so read it with its interval "
        f"(bootstrap over pairs). One thread. `{next(iter(OURS))}` is the default configuration.\n\n"
        + table(head, rows)
    )


def sizes(found: dict[str, dict[str, Any]]) -> str:
    """Bytes on disk, and whether the loop really ran."""
    head = ["tool", "bytes a step, real curve", "bytes a step, noise", "files", "steps read back", "values"]
    rows = [
        [
            tool,
            number(row["curve"]),
            number(row["noise"]),
            str(row["files"]),
            f"{row['rows']:,} of {row['logged']:,}",
            "as logged" if row["same"] else "differ",
        ]
        for tool, row in found.items()
    ]
    return (
        "## On disk after closing\n\n"
        "Everything in the tool's folder over the steps logged (four scalars each). The curve is a real training on scikit-learn's digits: loss, accuracy, "
        "learning rate, gradient norm; noise is what nothing compresses. Read back with the tool's own reader (W&B: its record type).\n\n"
        + table(head, rows)
    )


def memory(found: dict[str, Any]) -> str:
    """Growth and extra memory."""
    return (
        "## Memory\n\n"
        f"- Peak resident memory over {found['rows']:,} rows, some 45,000 a second: {found['grown']:+.1f} MiB after row {found['settled']:,}, "
        f"{found['grown_by_closing']:+.1f} MiB more while closing.\n"
        f"- A measured step of a model of {found['model']:.0f} MiB raises the peak by {found['step']:.2f} × the model's size; tensors alive "
        f"after the step: {found['held']:+.2f} ×.\n"
    )


def kills(found: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """Steps lost at SIGKILL."""
    head = ["tool", "pace", "steps lost", "of steps acknowledged"]
    rows = [
        [tool, pace, " / ".join(str(k["lost"]) for k in made), " / ".join(f"{k['acknowledged']:,}" for k in made)]
        for tool, paces in found.items()
        for pace, made in paces.items()
    ]
    return (
        "## Steps lost at SIGKILL\n\n"
        "A step counts as acknowledged when the log call has returned and the process has told its parent so; the parent kills at a random "
        "instant. Only the training process is killed; helper processes get two seconds to write what they hold.\n\n"
        + table(head, rows)
    )


def storm(found: dict[str, Any]) -> str:
    """Many kills of ours."""
    head = [
        "our collector killed …",
        "runs",
        "kills",
        "rows acknowledged",
        "lost",
        "mid-file",
        "rows in two files",
        "faults",
    ]
    rows = [
        [
            name,
            f"{tally['runs']}",
            f"{tally['kills']}",
            f"{tally['rows']:,}",
            f"{tally['lost']}",
            f"{tally['half_written']}",
            f"{tally['twice_on_disk']}",
            f"{len(tally['wrong'])}",
        ]
        for name, tally in found["scenarios"].items()
    ]
    details = [text for tally in found["scenarios"].values() for text in tally["wrong"]]
    notes = sorted({text.split(": ", 1)[1] for tally in found["scenarios"].values() for text in tally["notes"]})
    return (
        "## Many kills\n\n"
        "Every acknowledged row must be there, once, with its values. *Mid-file* and *rows in two files* count the kills that came while a part was "
        "being written and between the appearance of a part and the deletion of what it replaces; there, sealing and merging are made to happen all the time.\n\n"
        + table(head, rows)
        + "".join(f"- **{text}**\n" for text in details)
        + "".join(f"- The reader remarked: {text}\n" for text in notes[:10])
    )
