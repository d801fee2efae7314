"""The Upload page: what was dropped is read, listed, told of, and kept or discarded."""

import json
from collections import OrderedDict

from streamlit.testing.v1 import AppTest

from app import dropping, judged, lent, library, mapping, past
from diagnostics import readers
from diagnostics.readers.log import Meaning
from diagnostics.readers.understanding.guess import guess


def explained(at: AppTest) -> str:
    return " ".join(element.value for element in at.markdown)


def listed(at: AppTest) -> list[str]:
    """The runs in the table."""
    shown = next(data for c in at.get("bidi_component") if "rows" in (data := json.loads(c.proto.json)))
    return [row["name"] for row in shown["rows"]]


def test_upload_explains_itself_when_nothing_is_there(runs, opened):
    assert "recognised by what is in them" in explained(opened("upload"))


def test_upload_reads_what_it_can_and_says_what_it_cannot(runs, opened):
    at = opened("upload")
    rows = "\n".join(f"{step},{2.3 - step / 100}" for step in range(100))
    at.file_uploader[0].set_value(
        [("good.csv", f"step,train_loss\n{rows}".encode(), "text/csv"), ("bad.parquet", b"no", "application/x")]
    ).run()
    assert not at.exception
    assert len(at.error) == 1 and "bad" in at.error[0].value
    assert len(at.get("bidi_component")) == 1


def test_an_upload_is_judged_once_and_lent_to_the_chart_under_one_name(runs, monkeypatch, opened):
    monkeypatch.setattr(lent, "_cases", OrderedDict())
    at = opened("upload")
    at.file_uploader[0].set_value([("good.csv", b"step,train_loss\n1,2.0\n2,1.5\n", "text/csv")]).run()
    (name,) = lent._cases
    at.run()
    assert list(lent._cases) == [name] and lent.borrowed(name).run.last_step == 2


def test_an_upload_can_be_kept_once(runs, opened):
    at = opened("upload")
    at.file_uploader[0].set_value([("good.csv", b"step,train_loss\n1,2.0\n2,1.5\n", "text/csv")]).run()
    at.button[0].click().run()
    assert len(at.success) == 1
    assert (library.own() / "good" / "run.json").exists()
    at.button[0].click().run()
    assert len(at.warning) == 1


def test_several_runs_in_one_upload_are_all_listed(runs, opened):
    at = opened("upload")
    at.file_uploader[0].set_value(
        [
            ("all.csv", b"run,step,loss\na,0,2\na,1,1\nb,0,3\nb,1,2\n", "text/csv"),
            ("c.csv", b"step,loss\n0,2\n1,1\n", ""),
        ]
    ).run()
    assert not at.exception and listed(at) == ["a", "b", "c"]
    next(b for b in at.button if b.label == "Keep all 3").click().run()
    assert {p.name for p in library.own().iterdir()} == {"a", "b", "c"} and "Kept 3 runs" in at.success[0].value


def test_pasted_text_is_a_log(runs, opened):
    at = opened("upload")
    at.button_group[0].set_value(dropping.TEXT).run()
    at.text_area[0].input("step,train_loss\n0,2.5\n1,1.5\n").run()
    assert not at.exception and not at.error and len(at.get("bidi_component")) == 1


def test_what_a_column_was_taken_for_can_be_changed(runs):
    log = readers.logs_all([_log(runs)])[0][0]
    before = guess(log)
    row = {"name": "score", "read": "val/accuracy", "unit": "per cent"}
    assert mapping._meaning(row, before["score"]) == Meaning("val/accuracy", 0.01)
    same = {"name": "loss", "read": "train/loss", "unit": "as logged"}
    assert mapping._meaning(same, before["loss"]) is before["loss"]
    own = {"name": "loss", "read": mapping.OWN, "unit": "as logged"}
    assert mapping._meaning(own, before["loss"]) == Meaning("loss")
    mean = Meaning("train/loss", mean=True)
    assert mapping._meaning(own, mean) == Meaning("loss", mean=True), (
        "what was averaged stays so, whatever it is read as"
    )
    assert past.case(log, {"score": Meaning("val/accuracy", 0.01)}).run["val/accuracy"].values.tolist() == [0.1, 0.2]


def _log(folder):
    (folder / "log.csv").write_text("step,loss,score\n0,2,10\n1,1,20\n")
    return folder / "log.csv"


def test_discarding_begins_anew(runs, opened):
    at = opened("upload")
    at.file_uploader[0].set_value([("good.csv", b"step,train_loss\n1,2.0\n2,1.5\n", "text/csv")]).run()
    next(b for b in at.button if b.label == "Discard").click().run()
    assert not at.exception and "recognised by what is in them" in explained(at)


def test_names_that_lead_outside_stay_inside(tmp_path):
    path = past._written(tmp_path, type("F", (), {"name": "../../a/../b.csv", "getbuffer": lambda self: b"x"})())
    assert path.is_relative_to(tmp_path) and path.read_bytes() == b"x"


def test_each_run_is_judged_once(runs, opened):
    at = opened("upload")
    files = [(f"{name}.csv", b"epoch,loss\n0,2\n1,1\n", "text/csv") for name in "ab"]
    at.file_uploader[0].set_value(files).run()
    assert not at.exception and listed(at) == ["a", "b"]
    assert len(at.session_state[judged.CASES]) == 2
