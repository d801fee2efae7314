"""What the names of a log mean where its format settles it, whatever the same names would mean elsewhere."""

from collections.abc import Mapping, Sequence

from collector.schema import GRAD_NORM, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.readers.log import Meaning, Series

PER_CENT = 0.01
FAMILIES: Sequence[tuple[str, frozenset[str], Mapping[str, Meaning]]] = (
    # who writes it, the names that tell, what they mean
    ("nanoGPT", frozenset({"loss", "train loss", "val loss"}), {"loss": Meaning(TRAIN_LOSS)}),
    (
        "llm.c",
        frozenset({"trl", "tel"}),
        {"trl": Meaning(TRAIN_LOSS), "tel": Meaning(VAL_LOSS), "norm": Meaning(GRAD_NORM)},
    ),
    ("llm.c, its evaluations alone", frozenset({"tel"}), {"tel": Meaning(VAL_LOSS)}),
    (
        "Megatron-LM",
        frozenset({"lm loss", "number of nan iterations"}),
        {
            "lm loss": Meaning(TRAIN_LOSS, mean=True),
            "validation/lm loss value": Meaning(VAL_LOSS),
            "lm loss value": Meaning(VAL_LOSS),
        },
    ),
    ("Hugging Face's trainer", frozenset({"loss", "train_runtime"}), {"loss": Meaning(TRAIN_LOSS, mean=True)}),
    (
        "torchvision, timm and the ImageNet example of PyTorch",
        frozenset({"Acc@1", "* Acc@1"}),
        {"Acc@1": Meaning(TRAIN_ACCURACY, PER_CENT), "* Acc@1": Meaning(VAL_ACCURACY, PER_CENT)},
    ),
    (
        "the ImageNet example of PyTorch, as it was",
        frozenset({"Prec@1", "* Prec@1"}),
        {"Prec@1": Meaning(TRAIN_ACCURACY, PER_CENT), "* Prec@1": Meaning(VAL_ACCURACY, PER_CENT)},
    ),
    ("YOLOv7", frozenset({"box", "obj", "cls", "total", "labels"}), {"total": Meaning(TRAIN_LOSS)}),
    ("CatBoost", frozenset({"learn", "remaining"}), {"learn": Meaning(TRAIN_LOSS), "test": Meaning(VAL_LOSS)}),
)


def meanings(series: Sequence[Series]) -> dict[str, Meaning]:
    """The meaning of every name that a family settles."""
    names = {s.name for s in series}
    return {n: m for _, tell, means in FAMILIES if tell <= names for n, m in means.items() if n in names}
