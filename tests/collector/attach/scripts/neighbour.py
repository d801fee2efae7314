"""A module beside the script."""
# ruff: noqa: PTH100, PTH120, PTH121, PTH123

import os

HERE = os.path.dirname(__file__)
