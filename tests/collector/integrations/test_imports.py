import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["lightning", "transformers", "accelerate", "keras"])
def test_without_the_framework_there_is_one_clear_line(name):
    absent = ["lightning", "pytorch_lightning", "transformers", "accelerate", "keras"]
    code = f"""
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {absent} else find(name, package)
sys.modules.update(dict.fromkeys({absent}))
import collector.integrations.{name}
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = ended.stderr.strip().splitlines()[-1]
    assert (
        ended.returncode == 1
        and last.startswith("ModuleNotFoundError: collector.integrations.")
        and "pip install" in last
    )


def test_the_collector_alone_imports_no_framework():
    code = "import sys, collector.collector, collector.integrations.recording as r, collector.hardware; print([m for m in sys.modules if m in ('torch', 'lightning', 'pytorch_lightning', 'transformers', 'accelerate', 'keras', 'pynvml')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
