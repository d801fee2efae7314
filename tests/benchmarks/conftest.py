"""The benchmarks are run from the repository, not installed: their tests find them there."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
