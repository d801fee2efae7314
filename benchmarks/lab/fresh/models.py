"""The networks of the part ``fresh``, of kinds that are in no other part."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.lab.layers import Front, Place, Read, Shortcut, drop, features, tokens, vocabulary
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.shapes import Data

EMBEDDING = 12  # numbers that stand for a letter or a word
CODE = 6  # numbers a variational autoencoder has for a row
SAME = 16  # numbers that two patches which belong together share
SIDE = 4  # pixels of a vision transformer's patch
HEADS = 2
READS = (2, 3, 4)  # letters that a filter sees at once


def residual(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Normalised layers in pairs, each with a shortcut (Gorishniy et al., 2021)."""
    n = recipe.width
    blocks = [
        Shortcut(nn.LayerNorm(n), nn.Linear(n, 2 * n), nn.GELU(), drop(recipe), nn.Linear(2 * n, n))
        for _ in range(recipe.depth)
    ]
    return nn.Sequential(nn.Linear(features(data), n), *blocks, nn.LayerNorm(n), nn.Linear(n, out))


def cross(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Products of the inputs beside plain layers (Wang et al., 2021)."""
    return _Cross(recipe, features(data), out)


def swish(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Plain layers with batch norm and swish."""
    return _layers(recipe, data, out, lambda n: [nn.BatchNorm1d(n), nn.SiLU()])


def mish(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Plain layers with mish (Misra, 2019)."""
    return _layers(recipe, data, out, lambda n: [nn.Mish()])


def prelu(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Plain layers that learn their slope (He et al., 2015)."""
    return _layers(recipe, data, out, lambda n: [nn.PReLU(n)])


def sigmoid(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Layers as they were once: the logistic function."""
    return _layers(recipe, data, out, lambda n: [nn.Sigmoid()])


def ranker(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A score for each of two rows by the same layers: the higher one wins (Burges et al., 2005)."""
    return _Twice(_plain([features(data) // 2, *[recipe.width] * recipe.depth, 1], recipe))


def siamese(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A few numbers for each of two patches by the same layers."""
    return _Twice(_plain([features(data) // 2, *[recipe.width] * recipe.depth, SAME], recipe))


def vit(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A transformer over patches of 4 × 4 pixels and one more place, which answers (Dosovitskiy et al., 2021)."""
    rows, cols = tokens(data)
    cut = nn.Sequential(nn.Unflatten(1, (1, rows, cols)), nn.Unfold(SIDE, stride=SIDE), _Turn())
    length = rows * cols // SIDE**2
    return nn.Sequential(cut, nn.Linear(SIDE**2, recipe.width), *_attends(recipe, length, out))


def tokenizer(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A transformer over the answers of a table and one more place (Gorishniy et al., 2021)."""
    return nn.Sequential(nn.Embedding(vocabulary(data), recipe.width), *_attends(recipe, features(data), out))


def depthwise(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Convolutions of one channel each, then across channels, with batch norm (Howard et al., 2017)."""
    rows, cols = tokens(data)
    n = recipe.width
    front = [nn.Unflatten(1, (1, rows, cols)), nn.Conv2d(1, n, 3, stride=2, padding=1), nn.BatchNorm2d(n), nn.ReLU6()]
    sizes = list(pairwise([n, *[2 * n] * recipe.depth]))
    body = [layer for k, (a, b) in enumerate(sizes) for layer in _separable(a, b, 2 if k == 0 else 1)]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), drop(recipe), nn.Linear(sizes[-1][1], out)]
    return nn.Sequential(*front, *body, *end)


def denoiser(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Convolutions that say what is noise (Zhang et al., 2017)."""
    widths = pairwise([1, *[recipe.width] * recipe.depth])
    hidden = [layer for a, b in widths for layer in (nn.Conv2d(a, b, 3, padding=1), nn.ReLU())]
    noise = [nn.Unflatten(1, (1, *tokens(data))), *hidden, nn.Conv2d(recipe.width, 1, 3, padding=1), nn.Flatten()]
    return Shortcut(*noise)


def variational(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Down to a few numbers that are known within a deviation, and up again (Kingma and Welling, 2014)."""
    return _Variational(recipe, features(data))


def conv1d(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Convolutions over time, every second place, and all that is left read at once."""
    n, length = recipe.width, tokens(data)[0]
    body = [_Turn()]
    for _ in range(recipe.depth):
        body += [nn.Conv1d(n, n, 3, stride=2, padding=1), nn.ELU()]
        length = (length + 1) // 2
    return nn.Sequential(Front(data, n), *body, nn.Flatten(), drop(recipe), nn.Linear(n * length, out))


def gru_lm(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """A language model: a GRU that names what comes next at every place; (batch, classes, length), as the loss wants it."""
    body = nn.GRU(EMBEDDING, recipe.width, recipe.depth, batch_first=True)
    front = nn.Embedding(vocabulary(data), EMBEDDING)
    return nn.Sequential(front, body, Read(), drop(recipe), nn.Linear(recipe.width, out), _Turn())


def textcnn(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Filters of several lengths, of each its largest answer (Kim, 2014)."""
    n = recipe.width
    end = [drop(recipe), nn.Linear(n * len(READS), out)]
    return nn.Sequential(Front(data, EMBEDDING), _Turn(), _Filters(n), *end)


def dense(recipe: Recipe, data: Data, out: int) -> nn.Module:
    """Each layer sees the input and all layers before it (Huang et al., 2017)."""
    first = features(data)
    body = [_Beside(nn.Linear(first + k * recipe.width, recipe.width), nn.CELU()) for k in range(recipe.depth)]
    return nn.Sequential(*body, drop(recipe), nn.Linear(first + recipe.depth * recipe.width, out))


MADE = (
    *(residual, cross, swish, mish, prelu, sigmoid, ranker, siamese, vit, tokenizer, depthwise, denoiser),
    *(variational, conv1d, gru_lm, textcnn, dense),
)
FRESH_MODELS: dict[str, Callable[[Recipe, Data, int], nn.Module]] = {f.__name__: f for f in MADE}


def _layers(recipe: Recipe, data: Data, out: int, after: Callable[[int], list[nn.Module]]) -> nn.Sequential:
    """``depth`` layers with ``after`` and dropout behind each, and a linear end."""
    sizes = list(pairwise([features(data), *[recipe.width] * recipe.depth]))
    body = [part for n, m in sizes for part in (nn.Linear(n, m), *after(m), drop(recipe))]
    return nn.Sequential(*body, nn.Linear(recipe.width, out))


def _plain(sizes: list[int], recipe: Recipe) -> nn.Sequential:
    """Plain layers from the first size to the last."""
    body = [part for n, m in pairwise(sizes[:-1]) for part in (nn.Linear(n, m), nn.LeakyReLU(0.1), drop(recipe))]
    return nn.Sequential(*body, nn.Linear(sizes[-2], sizes[-1]))


def _attends(recipe: Recipe, length: int, out: int) -> list[nn.Module]:
    """A place that answers, where each is, attention, and the answer."""
    n = recipe.width
    layer = nn.TransformerEncoderLayer(n, HEADS, 2 * n, recipe.dropout, "gelu", batch_first=True, norm_first=True)
    body = nn.TransformerEncoder(layer, recipe.depth, enable_nested_tensor=False)
    return [_Answer(n), Place(length + 1, n), body, _First(), nn.LayerNorm(n), nn.Linear(n, out)]


def _separable(a: int, b: int, stride: int) -> list[nn.Module]:
    each = [nn.Conv2d(a, a, 3, stride=stride, padding=1, groups=a, bias=False), nn.BatchNorm2d(a), nn.ReLU6()]
    return [*each, nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU6()]


class _Turn(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class _First(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0]


class _Twice(nn.Module):
    """The same layers on both halves of a row, the two answers side by side."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.layers(half) for half in x.chunk(2, dim=1)], dim=1)


class _Answer(nn.Module):
    """One more place before all others."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.answer = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.answer.expand(len(x), 1, -1), x], dim=1)


class _Cross(nn.Module):
    def __init__(self, recipe: Recipe, first: int, out: int) -> None:
        super().__init__()
        self.crossed = nn.ModuleList(nn.Linear(first, first) for _ in range(recipe.depth))
        sizes = pairwise([first, *[recipe.width] * recipe.depth])
        self.deep = nn.Sequential(*(part for n, m in sizes for part in (nn.Linear(n, m), nn.ReLU(), drop(recipe))))
        self.end = nn.Linear(first + recipe.width, out)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for layer in self.crossed:
            seen = x * layer(seen) + seen
        return self.end(torch.cat([seen, self.deep(x)], dim=1))


class _Variational(nn.Module):
    """The row again, beside mean and log variance of its few numbers; the mean itself when it is not trained."""

    def __init__(self, recipe: Recipe, first: int) -> None:
        super().__init__()
        middle = [recipe.width] * recipe.depth
        self.down = _plain([first, *middle, 2 * CODE], recipe)
        self.up = _plain([CODE, *middle, first], recipe)

    def forward(self, x: Tensor) -> Tensor:
        code = self.down(x)
        mean, spread = code.chunk(2, dim=1)
        drawn = mean + torch.randn_like(mean) * (spread / 2).exp() if self.training else mean
        return torch.cat([self.up(drawn), code], dim=1)


class _Filters(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.read = nn.ModuleList(nn.Conv1d(EMBEDDING, width, n) for n in READS)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([torch.relu(read(x)).amax(dim=2) for read in self.read], dim=1)


class _Beside(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, super().forward(x)], dim=1)
