"""Telling which optimizer really moves the weights."""

from typing import Any

WRAPPED = ("base_optimizer", "optimizer")  # where SAM-like optimizers and Accelerate keep it


def innermost(optimizer: Any) -> Any:
    """The optimizer inside ``optimizer``, or itself; wrappers step it, and some of them are not hooked themselves."""
    for name in WRAPPED:
        inner = getattr(optimizer, name, None)
        if inner is not None and inner is not optimizer and hasattr(inner, "register_step_pre_hook"):
            return innermost(inner)
    return optimizer
