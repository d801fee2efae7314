"""Tables whose rows are no moments of a training are refused in one line; logs that hold words are not."""

import json
from pathlib import Path

import pytest

from diagnostics.readers import ReadError, plain_json, read, table
from diagnostics.readers.table import results

RESULTS = {
    "runs": "run_name,lr,final_train_loss,final_val_loss\nbaseline,0.1,0.6,1.7\nrope,0.1,0.5,1.8\n",
    "models": "seq,model,test_loss\n20,DIN,0.4\n20,GRU,0.5\n50,DIN,0.3\n50,GRU,0.6\n",
    "settings": "id,train epoch,lr,loss\nc39a,100,0.1,3\nx9d9,20,0.2,2\nd911,60,0.1,4\nf0f0,10,0.1,5\n",
    "hashes": "id,lr,loss\n57b25cd,0.1,3\n9ce0a1b,0.2,2\n0aa71ff,0.1,4\n3d2e9f0,0.1,5\n",
    "a sweep": "threshold,accuracy,f1\n0.1,0.5,0.6\n0.2,0.6,0.6\n0.3,0.7,0.5\n",
    "ablations": "Ablation,Alpha,accuracy\nno mask,0.1,0.4\nno mask,0.2,0.5\nno loss,0.1,0.6\nno loss,0.2,0.7\n",
    "an index of names": ",loss\nresnet,0.2\nvgg,0.3\nalexnet,0.5\n",
    "samples": "text,label,loss\nhow nice,1,0.1\nhow sad,0,0.4\nso so,1,0.9\n",
}
LOGS = {
    "splits": "phase,loss\ntrain,3\nval,4\ntrain,2\nval,3\n",
    "checkpoints": "checkpoint,val_loss\nckpt-100,3\nckpt-200,2\nckpt-300,1\n",
    "dates": "when,loss\nMon Nov 3 10:00:01,3\nMon Nov 3 10:00:02,2\nTue Nov 4 10:00:03,1\n",
    "a counter": "epoch,loss,saved\n0,3,first.pt\n1,2,better.pt\n2,1,best.pt\n",
    "lists": 'loss,predicted\n3,"[0.5, nan]"\n2,"[1e-05, 0.25]"\n1,"[0.5]"\n',
    "times": "loss,took\n3,1m 2s\n2,59s\n1,2m 3s\n",
    "one model": "model,loss\nresnet,3\nresnet,2\nresnet,1\n",
    "runs of many rows": "run,step,loss\na,0,3\na,1,2\nb,0,3\nb,1,1\n",
    "a row": "model,train_loss,val_loss\nresnet,3,2\n",
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_table_of_results_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "some.csv"
    path.write_text(RESULTS[name])
    assert not table.claims(path)
    with pytest.raises(ReadError, match=results.WAY_OUT) as refused:
        read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", LOGS)
def test_a_log_with_words_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "some.csv"
    path.write_text(LOGS[name])
    assert table.claims(path)
    assert any(run.curves for run in read(path))


@pytest.mark.parametrize("lines", [False, True])
def test_results_as_json_are_refused_too(tmp_path: Path, lines: bool) -> None:
    rows = [{"model": name, "accuracy": 0.9, "loss": 0.1 * n} for n, name in enumerate(("resnet", "vgg", "vit"))]
    path = tmp_path / ("some.jsonl" if lines else "some.json")
    path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows))
    assert not plain_json.claims(path)
    with pytest.raises(ReadError, match=results.WAY_OUT):
        read(path)
