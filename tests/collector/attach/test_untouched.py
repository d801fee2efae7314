"""A script behaves as it would alone."""

import subprocess
import sys

import pytest

ARGUMENTS = ["--name", "its own"]


def alone(scripts, tmp_path, *arguments):
    command = [sys.executable, str(scripts / "endings.py"), *arguments]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("way", ["end", "raise", "interrupt", "exit", "message"])
def test_output_exit_code_and_traceback(attach, scripts, tmp_path, way):
    expected = alone(scripts, tmp_path, way, *ARGUMENTS)
    ran = attach("endings.py", way, *ARGUMENTS, expect=expected.returncode)
    ours = [line for line in ran.process.stderr.splitlines(keepends=True) if not line.startswith("curvewise:")]
    assert (ran.process.stdout, "".join(ours)) == (expected.stdout, expected.stderr)
    crashed = way != "end"
    assert ran.about()["state"] == ("crashed" if crashed else "finished")
    if way == "raise":
        assert ran.about()["exception"] == "ValueError: no more data"
        assert ran.about()["traceback"] == expected.stderr


def test_a_module(tmp_path):
    package = tmp_path / "jobs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    body = (
        "import sys\nfrom . import other\nprint(__spec__.name, __package__, sys.argv[1:], sys.path[0] == other.HERE)\n"
    )
    (package / "train.py").write_text(body)
    (package / "other.py").write_text("import os\nHERE = os.getcwd()\n")
    outputs = [
        subprocess.run(
            [sys.executable, *words, "-m", "jobs.train", "--a", "b"], cwd=tmp_path, capture_output=True, text=True
        )
        for words in ([], ["-m", "collector"])
    ]
    assert outputs[0].stdout == outputs[1].stdout == "jobs.train jobs ['--a', 'b'] True\n"
    assert "nothing was recorded: the script did not import torch" in outputs[1].stderr


def test_a_script_that_never_trains_leaves_nothing(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text("import sys\nassert not {'torch', 'numpy', 'pyarrow'} & set(sys.modules)\n")
    subprocess.run([sys.executable, "-m", "collector", str(script)], cwd=tmp_path, capture_output=True, check=True)
    assert list(tmp_path.iterdir()) == [script]


def test_corners_of_torch(attach, scripts):
    ran = attach("transforms.py")
    assert ran.run()["train/loss"].values.tolist() == pytest.approx([float(ran.process.stdout)], abs=1e-6)
    assert "failed" not in ran.process.stderr


def test_a_script_with_a_collector_of_its_own(attach, tmp_path):
    ran = attach("own.py", str(tmp_path / "mine"))
    assert not ran.folder.exists() and (tmp_path / "mine" / "run.json").exists()
    assert ran.process.stderr.splitlines() == [
        "curvewise: the script has a Collector of its own; python -m collector steps aside"
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "name a training script"),
        (["gone.py"], "no script gone.py"),
        (["-m", "gone.module"], "no module gone.module"),
    ],
)
def test_nothing_to_run_is_one_line(tmp_path, words, says):
    done = subprocess.run([sys.executable, "-m", "collector", *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1


def test_a_module_named_like_ours_is_not_hidden(tmp_path):
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "train.py").write_text("import collector\n")
    (tmp_path / "job" / "collector.py").write_text("")
    command = [sys.executable, "-m", "collector", "job/train.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "of its own" in done.stderr
