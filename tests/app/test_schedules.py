"""The Schedules page, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from app import library, schedule_scaling, schedule_state
from app.schedule_chart import figure
from app.words import plain
from collector.schema import LR
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.run import Run
from diagnostics.schedules import SHAPES, Schedule, pytorch

SAMPLES = sorted(p.name for p in (library.ROOT / "sample_runs").iterdir() if p.is_dir() and not p.name.startswith("_"))


def opened(**query: str) -> AppTest:
    at = AppTest.from_string("from app.views import schedules\nschedules.page()", default_timeout=30)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


@pytest.mark.parametrize("sample", SAMPLES)
def test_starts_from_the_run(sample, runs):
    at = opened(run=f"sample/{sample}")
    run = library.case(f"sample/{sample}").run
    lr = run.get(LR)
    assert at.number_input(key="total").value == run.last_step
    assert at.number_input(key="peak").value == (lr.finite().values.max() if lr else 0.1)
    assert not at.warning


def test_every_shape_is_drawn_and_written_three_times(runs):
    at = opened(run="sample/digits-healthy")
    for title, kind in schedule_state.TITLES.items():
        at.button_group(key="shape").set_value(title).run()
        assert not at.exception and not at.warning
        assert len(at.code) == 3 and all("import" in code.value for code in at.code)
        assert plain(SHAPES[kind].rate.__doc__) in [caption.value for caption in at.caption]


def test_an_address_says_all(runs):
    said = {"shape": "Polynomial", "peak": "0.3", "total": "5000", "warmup": "gradual", "warmup_steps": "500"}
    at = opened(**said, start="0.25", power="3", final="0.01", at="499")
    wanted = Schedule("polynomial", 0.3, 5000, 500, warmup_start=0.25, power=3.0, final=0.01)
    assert at.code[0].value.strip() == pytorch.code(wanted).strip()
    assert metrics(at)["Total steps"] == "5,000" and metrics(at)["Largest"] == "0.3"
    assert metrics(at)["At step 499"] == f"{float(wanted.lr([499])[0]):.4g}"


def test_what_the_page_holds_is_in_the_address(runs):
    at = opened(run="sample/digits-healthy")
    said = {
        "shape": "Cosine",
        "total": "1500",
        "warmup": "gradual",
        "warmup_steps": "75",
        "start": "0.0",
        "final": "0.0",
    }
    assert {name: at.query_params[name] for name in said} == said


def test_values_say_a_schedule_whole(runs):
    for kind in SHAPES:
        wanted = Schedule(
            kind, 0.2, 900, 0 if kind == "one_cycle" else 90, warmup_start=0.1, final=0.01, growth=2, period=80
        )
        at = opened(**{name: str(value) for name, value in schedule_state.values(wanted).items()})
        assert at.code[0].value.strip() == pytorch.code(wanted).strip(), kind


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            {"warmup_steps": "2000", "total": "1000"},
            "The warm-up of 2,000 steps must be shorter than the training of 1,000.",
        ),
        ({"shape": "Cosine with restarts", "period": "20000"}, "The first cosine of 20,000 steps does not fit"),
        ({"shape": "Multi-step", "milestones": "a, b"}, "Drops are whole steps with commas between them"),
        ({"shape": "Multi-step", "milestones": "9000, 8000"}, "must ascend"),
        ({"final": "1"}, "The final rate, 1, must lie below the peak."),
        ({"shape": "One-cycle", "rise": "1"}, "must leave steps to go up and to come down"),
        ({"warmup": "constant", "start": "0"}, "learns nothing"),
    ],
)
def test_bad_input_is_one_line(said, line, runs):
    at = opened(**{"peak": "0.1", "total": "10000"} | said)
    assert len(at.warning) == 1 and plain(line) in at.warning[0].value
    assert len(at.code) == 0 and len(at.get("bidi_component")) == 1  # the run's own rate is drawn all the same


def test_an_address_out_of_range_is_as_if_it_said_nothing(runs):
    at = opened(run="sample/digits-healthy", peak="-1", total="x", shape="Square")
    assert metrics(at)["Total steps"] == "1,500" and metrics(at)["Largest"] == "0.003" and not at.warning


def test_a_run_of_two_steps_can_be_drawn_over(runs):
    keep(Run("short", {LR: Curve(LR, [1, 2], [0.1, 0.1])}), runs)
    for title in schedule_state.TITLES:
        at = opened(run="short", shape=title)
        assert len(at.warning) == (title == "One-cycle"), title


def test_another_run_brings_its_own_peak_and_keeps_the_shape(runs):
    at = opened(run="sample/digits-healthy", shape="Step")
    at.selectbox(key="run").set_value("sample/digits-needs-decay").run()
    peak = library.case("sample/digits-needs-decay").run[LR].finite().values.max()
    assert at.number_input(key="peak").value == pytest.approx(peak)
    assert at.button_group(key="shape").value == "Step" and not at.warning


def test_without_a_run_it_is_a_drawing_board(runs):
    at = opened(run="sample/digits-healthy")
    at.selectbox(key="run").set_value(None).run()
    assert not at.exception and at.number_input(key="peak").value == 0.1
    assert metrics(at)["Total steps"] == "10,000"


def test_a_constant_warmup_begins_above_zero(runs):
    at = opened(run="sample/digits-healthy")
    at.button_group(key="warmup").set_value("constant").run()
    assert at.number_input(key="start").value == 0.1 and not at.warning
    at.button_group(key="warmup").set_value("none").run()
    assert "LambdaLR" not in at.code[0].value


def test_an_emptied_input_is_what_it_began_with(runs):
    at = opened(run="sample/digits-healthy")
    at.number_input(key="peak").set_value(None).run()
    assert not at.exception and metrics(at)["Largest"] == "0.003"


def test_another_batch_can_be_taken_over(runs):
    at = opened(run="sample/digits-needs-decay", peak="0.4", scale="true", new_batch="512", batch="64", epochs="100")
    assert metrics(at)["New learning rate"] == "3.2"
    next(b for b in at.button if b.label == "Use these").click().run()
    assert not at.exception and not at.warning
    assert at.number_input(key="peak").value == pytest.approx(3.2)
    assert at.number_input(key="batch").value == 512 and metrics(at)["New learning rate"] == "3.2"  # taken over once
    assert at.number_input(key="total").value == 188 and at.number_input(key="start").value == pytest.approx(1 / 8)


def test_the_rule_suits_the_optimizer():
    rules = [schedule_scaling.usual(Run("", {}, config={"optimizer": name}))["rule"] for name in ("AdamW", "SGD", "")]
    assert rules == [schedule_scaling.ADAM, schedule_scaling.SGD, schedule_scaling.SGD]


def test_the_figure_draws_the_schedule_over_the_run():
    run = synthetic.healthy()
    made = figure(run, None, Schedule("step", 0.1, 100), 50, log=False)
    shown = {trace["name"] for trace in made["traces"] if trace["showlegend"]}
    assert shown == {"this run", "Step"}
    assert made["layout"]["xaxis"]["range"] == [0, run.last_step]
    assert any(shape.get("x0") == 50 for shape in made["layout"]["shapes"])
    assert all(trace["name"] != "Step" for trace in figure(run, None, None, log=False)["traces"])


def test_a_schedule_without_a_run_is_drawn_alone():
    made = figure(Run("", {}), None, Schedule("cosine", 0.1, 10**7), 0, log=True)
    assert [trace["name"] for trace in made["traces"] if trace["showlegend"]] == ["Cosine"]
    assert made["layout"]["xaxis"]["range"] == [0, 10**7]
