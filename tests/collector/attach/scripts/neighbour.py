"""A module beside the script."""

import os

HERE = os.path.dirname(__file__)
