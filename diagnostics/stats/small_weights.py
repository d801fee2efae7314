"""Whether the layers show weights that began too small, or sound ones that something took far away."""

from diagnostics.run import Run
from diagnostics.stats.balance import balance, growth, norm_left, stillness
from diagnostics.stats.gain import SMALL, gain, looked_up, normalized
from diagnostics.stats.layers import layers
from diagnostics.stats.pretrained import came_trained
from diagnostics.stats.strides import USUAL, strides

# of a deviation times √fan-in, as SMALL: from PyTorch's 0.58 to Glorot's 1.67 for tanh; BERT's and GPT-2's 0.02 at a width of 768 is 0.55
LARGE = 2.0
TINY = SMALL / 4  # no rule of the field comes near; weights that are less small soon grow, where too large ones stay
UNEQUAL = 0.0035  # smallest over largest gradient: sound networks have 0.004 (deep, attention, recurrence) to 0.9, weights of a tenth 0.003 and less
GREW = 6.0  # times: sound weights grow to 4.4 times their norm until half of the fall, on the mean of the layers, those of a tenth to 7 and more
THROWN, SHRUNK = (
    10.0,
    0.1,
)  # times the norm: what steps that are too long, and a decay too strong, make of sound weights
STILL = 0.01  # of the liveliest layer's update ratio


def unequal(run: Run) -> bool:
    """Whether gradients shrink from layer to layer as weights that are too small make them."""
    seen = balance(run)
    return seen is not None and seen < UNEQUAL


def began_small(run: Run, half: int) -> bool:
    """Whether the weights began under SMALL by the field's measure.

    Where that is not known, or says nothing because of a normalization: whether gradients shrink from layer to layer, or all
    weights had to grow many times over before half of the fall, at step ``half``; not of embeddings alone, which have no size by any rule.
    """
    seen = gain(run)
    if seen is not None and not normalized(run):
        return seen.typical < SMALL
    if looked_up(run):
        return False
    return unequal(run) or (growth(run, half) or 1.0) > GREW


def off(run: Run) -> float | None:
    """The size that the weights are known to have begun with, where the field's rules give none such."""
    seen = gain(run)
    return None if seen is None or SMALL <= seen.typical <= LARGE else seen.typical


def tiny(run: Run) -> bool:
    """Whether the weights are known to have begun too small."""
    size = off(run)
    return size is not None and size < SMALL


def no_measure(run: Run) -> bool:
    """Whether an update as long as the weights may do no harm: they began too small, a decay took them, or there is but one layer, and nothing behind it to switch off."""
    return tiny(run) or shrank(run) or single(run)


def single(run: Run) -> bool:
    """Whether all that is measured is the weights of one layer, of known shape, and its biases."""
    norms = layers(run, "weight_norm")
    shapes = [run.shapes.get(name) for name in norms.names] if norms is not None else []
    return len([s for s in shapes if s is None or len(s.sizes) > 1]) == 1 and None not in shapes


def far_off(run: Run) -> float | None:
    """The size that the weights began with, where it is far from what any of the field's rules gives.

    A normalization makes up for small ones. Of large ones it takes the size out of the signal, and not out of the updates, which are short beside them; but weights that
    are large because they were trained before, under a normalization, are moved by even less: fine-tuning stays below the course's ratio.
    """
    size, seen = off(run), strides(run)
    if size is None or TINY <= size <= LARGE:
        return None
    if size > LARGE and came_trained(run):
        return None
    unmoved = seen is None or seen.fullest < USUAL
    return None if normalized(run) and (size < TINY or unmoved) else size


def began_sound(run: Run) -> bool:
    """Whether every weight matrix is known to have begun within the range that the field's rules give, and gradients reach them all.

    Where a normalization takes their size out of the signal, a small one is as good.
    """
    seen = gain(run)
    if seen is None or unequal(run):
        return False
    if normalized(run):
        return bool(seen.values.max() <= LARGE)
    return bool(seen.typical >= SMALL and seen.values.min() >= SMALL / 2 and seen.values.max() <= LARGE)


def stands_still(run: Run) -> bool:
    """Whether a layer that no gradient reaches keeps its weights, or loses them to the weight decay; where these are not known to have begun at a usual size."""
    seen, first = stillness(run), gain(run)
    if first is not None and not normalized(run) and first.values.min() >= SMALL:
        return False
    return unequal(run) and ((seen is not None and seen < STILL) or shrank(run))


def shrank(run: Run) -> bool:
    """Whether a weight decay took the weights."""
    left = norm_left(run)
    return left is not None and left < SHRUNK


def moved(run: Run) -> bool:
    """Whether too long steps, or a weight decay, took sound weights far from where they started; then it is not the start that holds the loss."""
    return ((growth(run, run.last_step) or 1.0) > THROWN or shrank(run)) and not unequal(run)
