"""CatBoost's ``catboost_training.json``: rows whose values are lists, in the order of the metrics that ``meta`` names.

``{"meta": {"learn_metrics": [{"name": "RMSE"}], …}, "iterations": [{"learn": [2.1], "iteration": 0, "test": [2.2]}, …]}``
"""

from collections.abc import Mapping

META, ROWS, METRICS = "meta", "iterations", ("learn_metrics", "test_metrics")


def named(value: object) -> object:
    """``value`` with each metric under its own name, as ``learn RMSE``; anything else as it is."""
    if not isinstance(value, Mapping) or not isinstance(value.get(ROWS), list):
        return value
    learned, tested = (_names(value.get(META), key) for key in METRICS)
    if not learned:
        return value
    rows = [_row(row, learned, tested) for row in value[ROWS] if isinstance(row, Mapping)]
    return {**value, ROWS: rows}


def _names(meta: object, key: str) -> list[str]:
    metrics = meta.get(key) if isinstance(meta, Mapping) else None
    return [str(m.get("name")) for m in metrics if isinstance(m, Mapping)] if isinstance(metrics, list) else []


def _row(row: Mapping[str, object], learned: list[str], tested: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, list):
            found |= {f"{key} {name}": v for name, v in zip(learned if key == "learn" else tested, value, strict=False)}
        else:
            found[key] = value
    return found
