"""Three small trainings on real data: a transformer, a ResNet and a tiny MLP, whose steps are so short that shares are worst."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Batches = Iterator[tuple[Tensor, Tensor]]
Training = tuple[nn.Module, torch.optim.Optimizer, Batches]
CONTEXT = 64  # characters


class Transformer(nn.Module):
    """A decoder over characters: 4 layers of width 256, 3.3 million parameters."""

    def __init__(self, symbols: int, width: int = 256, layers: int = 4) -> None:
        super().__init__()
        self.symbols, self.places = nn.Embedding(symbols, width), nn.Embedding(CONTEXT, width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, symbols))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(CONTEXT), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [batch, symbols, CONTEXT] of the character after each of ``x`` [batch, CONTEXT]."""
        hidden = self.symbols(x) + self.places.weight
        return self.head(self.body(hidden, self.mask, is_causal=True)).transpose(1, 2)


class Block(nn.Module):
    """Two 3 × 3 convolutions around a shortcut."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = after // before
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        short = [nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)]
        self.short = nn.Sequential(*(short if stride > 1 else []))

    def forward(self, x: Tensor) -> Tensor:
        """[n, before, h, w] → [n, after, h / stride, w / stride]."""
        return F.relu(self.body(x) + self.short(x))


def transformer() -> Training:
    """Next characters in the text of Python's own help; AdamW, batches of 4 × 64 characters."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics))
    alphabet = {c: i for i, c in enumerate(sorted(set(text)))}
    codes = torch.tensor([alphabet[c] for c in text])

    def batch() -> tuple[Tensor, Tensor]:
        starts = torch.randint(len(codes) - CONTEXT - 1, (4,))
        windows = torch.stack([codes[s : s + CONTEXT + 1] for s in starts.tolist()])
        return windows[:, :-1], windows[:, 1:]

    torch.manual_seed(0)
    model = Transformer(len(alphabet))
    return model, torch.optim.AdamW(model.parameters(), lr=3e-4), _forever(batch)


def resnet() -> Training:
    """ResNet-20 (He et al. 2015; 0.27 million parameters) on random crops of handwritten digits; SGD, batches of 64."""
    x, y = _digits()
    padded = F.pad(x, (2, 2, 2, 2))

    def batch() -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(x), (64,))
        down, right = torch.randint(5, (2,)).tolist()
        return padded[chosen, :, down : down + 8, right : right + 8], y[chosen]

    torch.manual_seed(0)
    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    blocks = [Block(a, b) for a, b in pairwise(widths)]
    stem = [nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    model = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4), _forever(batch)


def mlp() -> Training:
    """64 → 32 → 10 on handwritten digits; SGD, batches of 16: a step of a fifth of a millisecond."""
    x, y = _digits()

    def batch() -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(x), (16,))
        return x[chosen], y[chosen]

    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.optim.SGD(model.parameters(), lr=0.05), _forever(batch)


def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return torch.tensor(x / 16, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(y)


def _forever(batch: Callable[[], tuple[Tensor, Tensor]]) -> Batches:
    while True:
        yield batch()


NETWORKS: dict[str, Callable[[], Training]] = {"transformer": transformer, "ResNet": resnet, "tiny MLP": mlp}
