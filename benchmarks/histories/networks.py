"""Small networks: MLP, CNN, GRU."""

from torch import Tensor, nn

from benchmarks.histories.data import Subject
from benchmarks.histories.recipe import Recipe

EMBEDDED = 12  # numbers a character


def build(recipe: Recipe, subject: Subject) -> nn.Module:
    """The network of ``recipe``."""
    out = subject.classes or subject.y.shape[1]
    if recipe.model == "cnn":
        return _cnn(recipe, subject.x.shape[1], out)
    if recipe.model == "gru":
        return _Gru(recipe, subject.symbols or 0, out)
    front: list[nn.Module] = [nn.Flatten()]
    features = int(subject.x[0].size)
    if subject.symbols:
        front, features = [nn.Embedding(subject.symbols, EMBEDDED), nn.Flatten()], features * EMBEDDED
    for _ in range(recipe.depth):
        front += [nn.Linear(features, recipe.width), nn.ReLU(), nn.Dropout(recipe.dropout)]
        features = recipe.width
    return nn.Sequential(*front, nn.Linear(features, out))


def _cnn(recipe: Recipe, side: int, out: int) -> nn.Module:
    channels = max(4, recipe.width // 4)
    return nn.Sequential(
        nn.Unflatten(1, (1, side)),
        nn.Conv2d(1, channels, 3, padding=1),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(recipe.dropout),
        nn.Linear(channels * (side // 2) ** 2, out),
    )


class _Gru(nn.Module):
    def __init__(self, recipe: Recipe, symbols: int, out: int) -> None:
        super().__init__()
        self.front = nn.Embedding(symbols, EMBEDDED)
        self.body = nn.GRU(EMBEDDED, recipe.width, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(recipe.dropout), nn.Linear(recipe.width, out))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.front(x))[0][:, -1])
