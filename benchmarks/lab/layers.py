"""What networks of several parts are made of."""

from torch import Tensor, nn

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.shapes import Data


def features(data: Data) -> int:
    """Numbers of a row."""
    return data.train[0].shape[1]


def tokens(data: Data) -> tuple[int, int]:
    """Length and features of what can be read in order."""
    assert data.tokens is not None
    return data.tokens


def vocabulary(data: Data) -> int:
    """One more than the largest letter, word or answer."""
    return 1 + max(int(x.max()) for x, _ in (data.train, data.val, data.held))


def drop(recipe: Recipe) -> nn.Module:
    """Dropout as the recipe has it."""
    return nn.Dropout(recipe.dropout)


class Front(nn.Module):
    """(batch, length, width) of letters or of measured values."""

    def __init__(self, data: Data, width: int) -> None:
        super().__init__()
        length, features = tokens(data)
        self.embed: nn.Module = (
            nn.Sequential(nn.Unflatten(1, (length, features)), nn.Linear(features, width))
            if data.train[0].is_floating_point()
            else nn.Embedding(vocabulary(data), width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Embed ``x``."""
        return self.embed(x)


class Place(nn.Module):
    """Adds a learned vector for each place."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.place = nn.Embedding(length, width)

    def forward(self, x: Tensor) -> Tensor:
        """Add to ``x``."""
        return x + self.place.weight


class Read(nn.Module):
    """The outputs of a recurrent layer, without its state."""

    def forward(self, read: tuple[Tensor, Tensor]) -> Tensor:
        """Take the outputs."""
        return read[0]


class Last(nn.Module):
    """The last place."""

    def forward(self, x: Tensor) -> Tensor:
        """Take it."""
        return x[:, -1]


class Mean(nn.Module):
    """The mean over all places."""

    def forward(self, x: Tensor) -> Tensor:
        """Take it."""
        return x.mean(dim=1)


class Shortcut(nn.Sequential):
    """Layers beside which the input goes by."""

    def forward(self, x: Tensor) -> Tensor:
        """Add what the layers make of ``x`` to it."""
        return x + super().forward(x)
