"""Small networks: MLP, CNN, GRU, transformer."""

from torch import Tensor, nn

from benchmarks.lab.data import Data


def build(name: str, data: Data, width: int, depth: int, dropout: float) -> nn.Module:
    """The network called ``name`` (relu, tanh, cnn, gru, transformer) for ``data``."""
    out = data.classes or (data.y.shape[1] if data.y.ndim > 1 else 1)
    embed = not data.x.is_floating_point()
    symbols = data.classes or 0  # characters follow characters: inputs and targets share one alphabet
    if name == "gru":
        return _Gru(embed, width, depth, dropout, out, symbols)
    if name == "transformer":
        return _Transformer(embed, width, depth, dropout, out, symbols)
    if name == "cnn":
        return _cnn(width, dropout, out)
    front: list[nn.Module] = [nn.Embedding(symbols, 16), nn.Flatten()] if embed else []
    features = data.x.shape[1] * (16 if embed else 1)
    return nn.Sequential(*front, *_mlp(features, width, depth, dropout, out, nn.Tanh if name == "tanh" else nn.ReLU))


def _mlp(
    features: int, width: int, depth: int, dropout: float, out: int, activation: type[nn.Module]
) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(features, width), activation(), nn.Dropout(dropout)]
        features = width
    return [*layers, nn.Linear(features, out)]


def _cnn(width: int, dropout: float, out: int) -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(width * 16, out),
    )


class _Gru(nn.Module):
    def __init__(self, embed: bool, width: int, depth: int, dropout: float, out: int, size: int) -> None:
        super().__init__()
        self.front = nn.Embedding(size, 16) if embed else nn.Unflatten(1, (8, 8))
        self.body = nn.GRU(16 if embed else 8, width, depth, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, out))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.front(x))[0][:, -1])


class _Transformer(nn.Module):
    def __init__(self, embed: bool, width: int, depth: int, dropout: float, out: int, size: int) -> None:
        super().__init__()
        self.front = nn.Embedding(size, width) if embed else nn.Sequential(nn.Unflatten(1, (8, 8)), nn.Linear(8, width))
        self.place = nn.Embedding(16 if embed else 8, width)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(width, out)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.front(x)
        return self.head(self.body(seen + self.place.weight[: seen.shape[1]]).mean(dim=1))
