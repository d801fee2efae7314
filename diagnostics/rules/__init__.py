"""One diagnosis, one file. A new file that defines ``RULE`` is found by itself; its name is its slug."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from diagnostics.rule import Explanation, Rule, explain


@cache
def _modules() -> dict[str, ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def all_rules() -> list[Rule]:
    """Every rule, by slug."""
    return [module.RULE for module in _modules().values()]


def get(slug: str) -> Rule:
    """The rule called ``slug``.

    Raises:
        KeyError: there is no such rule.
    """
    rule: Rule = _modules()[slug].RULE
    return rule


def explanation(slug: str) -> Explanation:
    """The parsed docstring of the rule called ``slug``."""
    return explain(_modules()[slug])
