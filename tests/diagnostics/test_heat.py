import numpy as np
import pandas as pd

from diagnostics import heat
from diagnostics.run import Run


def run(ratio: dict[str, list[float]], norm: float = 1.0) -> Run:
    rows = [(10 * i, name, 1.0, v, v, norm) for name, values in ratio.items() for i, v in enumerate(values)]
    columns = ["step", "layer", "weight_norm", "update_norm", "update_ratio", "grad_norm"]
    return Run("r", {}, layers=pd.DataFrame(rows, columns=columns))


def test_the_table_has_a_row_a_layer_and_a_column_a_step():
    names, steps, values = heat.table(run({"a": [1e-3, 2e-3], "b": [np.nan, 5e-3]}), heat.RATIO)
    assert names == ["a", "b"] and steps.tolist() == [0, 10]
    np.testing.assert_array_equal(values, [[1e-3, 2e-3], [np.nan, 5e-3]])


def test_each_cell_is_the_worst_of_its_samples():
    values = np.full(1000, 1e-3)
    values[123], values[777] = 1e-5, 1e-2
    one = run({"a": values.tolist()})
    found = heat.heat(one, heat.RATIO, np.arange(1000.0), 10)
    assert found.values.shape == (1, 10) and found.edges.size == 11
    np.testing.assert_allclose(found.values[0], [1e-3, 1e-5, *[1e-3] * 5, 1e-2, *[1e-3] * 2])


def test_of_a_norm_the_largest_is_the_worst():
    values = np.ones(100)
    values[55], values[57] = 1e-6, 300.0
    assert heat.heat(run({"a": values.tolist()}), "update_norm", np.arange(100.0), 10).values[0, 5] == 300


def test_few_samples_have_a_column_each_and_a_stretch_is_cut_out():
    one = run({"a": [1.0, 2.0, 3.0, 4.0]})
    found = heat.heat(one, "update_norm", np.array([10.0, 20.0]), 10, begin=1)
    assert found.values.tolist() == [[2, 3]] and found.edges.tolist() == [5, 15, 25]


def test_columns_of_a_logarithmic_axis_are_wider_on_the_right():
    edges = heat.heat(run({"a": [1.0] * 1000}), "update_norm", np.arange(1.0, 1001), 10, log=True).edges
    assert edges[0] > 0 and np.diff(edges)[-1] > 20 * np.diff(edges)[0]


def test_the_worst_layers_are_those_furthest_from_a_thousandth():
    one = run({"fine": [1e-3, 1e-3], "wild": [0.1, 0.3], "dead": [0.0, 0.0], "slow": [1e-4, 1e-4]})
    found = heat.worst(one, heat.RATIO, 3)
    assert found["layer"].tolist() == ["dead", "wild", "slow"] and found["row"].tolist() == [2, 1, 3]
    np.testing.assert_allclose(found["factor"], [0, 200, 0.1])


def test_the_last_steps_of_a_decayed_rate_do_not_make_a_layer_bad():
    assert heat.worst(run({"a": [1e-3] * 9 + [0.0], "b": [1e-2] * 10}), heat.RATIO, 1)["layer"].tolist() == ["b"]


def test_a_layer_that_nobody_measured_stands_first_and_warns_of_nothing():
    assert heat.worst(run({"a": [1e-3], "b": [np.nan]}), heat.RATIO, 1)["layer"].tolist() == ["b"]


def test_a_run_without_layers_has_none():
    assert heat.table(Run("r", {}), heat.RATIO)[0] == []
