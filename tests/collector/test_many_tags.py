"""Many tags that appear one after another lose no row."""

import pandas as pd

from collector import Collector
from collector.schema import TAIL_NAME


def test_a_hundred_new_tags_are_all_in_parquet_after_close(tmp_path):
    with Collector(tmp_path / "run") as run:
        for epoch in range(2):
            run.log(loss=1.0)
            for k in range(100):
                run.log_eval({f"val/accuracy/class_{k}": 0.5 + epoch})
    table = pd.read_parquet(tmp_path / "run" / "scalars")
    assert len(table) == 202
    assert table["val/accuracy/class_99"].dropna().tolist() == [0.5, 1.5]
    assert [f.name for f in (tmp_path / "run").iterdir() if TAIL_NAME.match(f.name)] == []
