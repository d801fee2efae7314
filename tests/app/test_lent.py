from app import lent
from app.row import Case
from diagnostics import diagnose, synthetic


def case() -> Case:
    run = synthetic.healthy()
    return Case(run, diagnose(run))


def test_a_run_is_lent_under_one_name_that_cannot_be_guessed():
    mine, other = case(), case()
    name = lent.lend(mine)
    assert lent.lend(mine) == name != lent.lend(other)
    assert lent.borrowed(name) is mine and lent.borrowed("upload:") is None
    assert len(name) > len(lent.PREFIX) + 20


def test_the_oldest_is_forgotten():
    name = lent.lend(case())
    for _ in range(lent.MOST):
        lent.lend(case())
    assert lent.borrowed(name) is None
