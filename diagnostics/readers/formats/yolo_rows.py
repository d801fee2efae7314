"""The rows of ``results.txt``, as YOLO wrote them before ``results.csv``: numbers under no names, an epoch a line.

``0/299  2.1G  0.075  0.037  0  0.113  168  640  0.01  0.36  0.005  0.0008  0.09  0.06  0``: epoch, memory, three losses and their
sum, the objects and the size of the images of the last batch; then the validation's precision, recall, mAP, and three losses.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

NAMES = (
    "train/box_loss", "train/obj_loss", "train/cls_loss", "train/loss", "labels", "img_size", "metrics/precision",
    "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95", "val/box_loss", "val/obj_loss", "val/cls_loss",
)  # fmt: skip
F1, PRECISION, RECALL, LAST = "metrics/F1", 6, 7, 9  # the oldest wrote F1 in the place of the last mAP
ROW = re.compile(r"\s*(\d+)/\d+\s+[\d.]+G((?:\s+(?:[-+]?\d[\d.]*(?:e[-+]?\d+)?|-?inf|nan)){13})\s*", re.IGNORECASE)
NEAR = 0.02  # of F1 to that of precision and recall, which have three digits each


def is_row(line: str) -> bool:
    """Whether ``line`` is such a row."""
    return ROW.fullmatch(line) is not None


def rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Epoch and values of every row in ``lines``."""
    found = [(int(m[1]), [*map(float, m[2].split())]) for line in lines if (m := ROW.fullmatch(line))]
    names = list(NAMES)
    if found and all(_is_f1(*(values[i] for i in (PRECISION, RECALL, LAST))) for _, values in found):
        names[LAST] = F1
    return ((epoch, dict(zip(names, values, strict=True))) for epoch, values in found)


def _is_f1(precision: float, recall: float, value: float) -> bool:
    wanted = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return abs(value - wanted) <= NEAR * max(wanted, NEAR)
