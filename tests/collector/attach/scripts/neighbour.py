"""A module beside the script."""
# ruff: noqa: PTH120

import os

HERE = os.path.dirname(__file__)
