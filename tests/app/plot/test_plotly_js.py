from app.plot import plotly_js
from app.plot.plotly_js import COMPILE, later, sooner


def test_the_further_kinds_of_traces_are_kept_for_later():
    source = "var p=core();p.register([bar(),x1t()]);z.exports=p"
    assert later(source) == "var p=core();p.later=[()=>bar(),()=>x1t()];z.exports=p"


def test_a_source_put_together_in_another_way_stays_as_it_is():
    for source in ("", "p.register([bar]);", "p.register([bar(),]", "p.register(bar());"):
        assert later(source) == source


def test_the_installed_one_has_its_kinds_at_the_end():
    whole, made = plotly_js.PLOTLY_JS.read_text("utf-8"), sooner()
    assert made.startswith(COMPILE) and made.count(".later=[") == 1 and made.count("()=>") > whole.count("()=>") + 40
    assert made.split(".later=[")[0] == COMPILE + whole[: whole.rfind(".register([")]
