"""What is recorded equals what the script itself computed."""

import pytest


def same(found, expected):
    assert found.values.tolist() == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize("data", [[], ["--workers", "1"], ["--workers", "1", "--spawn"]])
def test_a_classification(attach, data):
    ran = attach("classify.py", "--out", "OUT", *data)
    run, about = ran.run(), ran.about()
    same(run["train/loss"], ran.expected["train"])
    same(run["val/loss"], ran.expected["val"])
    same(run["val/accuracy"], ran.expected["accuracy"])
    assert run["train/loss"].steps.tolist() == list(range(1, 16)) and run["val/loss"].steps.tolist() == [5, 10, 15]
    assert run["train/accuracy"].steps.tolist() == [1, 11]
    assert {"optim/lr", "optim/update_ratio", "grad/norm"} <= set(run.curves)
    assert about["config"] == {
        "epochs": 3,
        "workers": len(data) and 1,
        "spawn": len(data) == 3,
        "out": about["config"]["out"],
    }
    assert (about["loss"], about["classes"], about["state"]) == ("cross_entropy", 4, "finished")
    assert set(run.layers["layer"]) == {"layers.0.weight", "layers.0.bias", "layers.3.weight", "layers.3.bias"}
    assert "train/loss 15 · train/accuracy 2 · val/loss 3 · val/accuracy 3" in ran.process.stderr
    assert "curvewise diagnose runs/run" in ran.process.stderr and not ran.process.stdout


@pytest.mark.parametrize("way", ["divided", "undivided", "summed", "scaled"])
def test_accumulated_micro_batches_give_their_mean(attach, way):
    ran = attach("accumulate.py", way, "OUT")
    same(ran.run()["train/loss"], ran.expected["train"])


def test_steps_that_gradscaler_skips_have_no_row(attach):
    ran = attach("skipped.py", "OUT")
    same(ran.run()["train/loss"], ran.expected["train"])


@pytest.mark.parametrize("options", [[], ["--compile"]])
def test_a_language_model_without_loaders(attach, options):
    ran = attach("gpt.py", "OUT", *options)
    run = ran.run()
    same(run["train/loss"], ran.expected["train"])
    same(run["val/loss"], ran.expected["val"])
    same(run["train_eval/loss"], ran.expected["train_eval"])
    assert run["val/loss"].steps.tolist() == [0, 5, 10, 15]
    settings = {"learning_rate": 0.01, "vocabulary": 11, "compiled": bool(options)}
    assert settings.items() <= ran.about()["config"].items()


def test_two_trainings_in_one_script_are_two_runs(attach):
    ran = attach("phases.py", "OUT")
    for name, expected in (("run", ran.expected["first"]), ("run-2", ran.expected["second"])):
        run = ran.run(name)
        same(run["train/loss"], expected["train"])
        same(run["val/loss"], expected["val"])
        same(run["val/accuracy"], expected["accuracy"])


def test_two_optimizers_with_a_loss_each(attach):
    ran = attach("gan.py", "OUT")
    same(ran.run()["train/loss"], ran.expected["critic"])
    same(ran.run()["train/loss/1"], ran.expected["generator"])
    assert "train/loss/1 of the next" in ran.process.stderr


def test_sets_are_told_apart_and_what_is_beside_the_training_is_left_out(attach):
    ran = attach("sets.py", "OUT")
    run = ran.run()
    same(run["train/loss"], ran.expected["train"])
    for name in ("val", "test", "train_eval"):
        same(run[f"{name}/loss"], ran.expected[name])
    assert {tag for tag in run.curves if tag.endswith("loss")} == {
        "train/loss",
        "val/loss",
        "test/loss",
        "train_eval/loss",
    }
    assert "adds terms" in ran.process.stderr


def test_tensors_in_memory(attach):
    ran = attach("full_batch.py", "OUT")
    same(ran.run()["train/loss"], ran.expected["train"])
    same(ran.run()["val/loss"], ran.expected["val"])


def test_a_closure_counts_once(attach):
    ran = attach("closures.py", "OUT")
    same(ran.run()["train/loss"], ran.expected["train"])


def test_two_ranks_agree_on_one_folder(attach):
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "collector")
    ran = attach("ddp.py", "OUT", before=launch)
    same(ran.run()["train/loss"], ran.expected["train"])
    assert [path.name for path in ran.folder.iterdir()] == ["run"]
    assert ran.process.stderr.count("curvewise diagnose") == 1


def test_lightning(attach):
    pytest.importorskip("lightning")
    ran = attach("lightning_fit.py", "OUT")
    same(ran.run()["train/loss"], ran.expected["train"])
    same(ran.run()["val/loss"], ran.expected["val"])
    same(ran.run()["val/accuracy"], ran.expected["accuracy"])


def test_hugging_face_trainer(attach):
    pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    ran = attach("hf_trainer.py", "OUT")
    assert ran.run()["train/loss"].values.tolist() == pytest.approx(
        ran.expected["train"], abs=6e-5
    )  # it rounds to 4 digits
    # the model predicts 11 of 12 tokens; the Trainer divides their summed loss by 12, we by the 11 that were predicted
    same(ran.run()["val/loss"], [loss * 12 / 11 for loss in ran.expected["val"]])
