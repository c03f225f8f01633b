"""Explanations show themselves: as HTML without anything unescaped, as a plot, as text."""

import dataclasses

import pytest

from kerasbert.explain import Explanation, Token, Word


@pytest.fixture
def explanation():
    text = "<b>good</b> & bad"
    words = [Word("good", 3, 7, 2.0), Word("bad", 14, 17, -1.0)]
    tokens = [
        Token("[CLS]", None, None, None, 0.0),
        Token("good", 0, 3, 7, 2.0),
        Token("bad", 0, 14, 17, -1.0),
    ]
    return Explanation("Occlusion", (text,), "<good>", "log-odds", words, tokens, 3.0, 1.99)


def test_the_completeness_error_is_a_fraction_of_the_difference(explanation):
    assert explanation.completeness_error == pytest.approx(0.01 / 1.01)
    assert explanation.probability == pytest.approx(0.9526, abs=1e-4)
    assert dataclasses.replace(explanation, value=-800.0).probability == 0


def test_html_escapes_everything(explanation):
    page = dataclasses.replace(explanation, note="a < b").to_html()
    assert page == dataclasses.replace(explanation, note="a < b")._repr_html_()
    for raw in ("<b>", "<good>", "a < b"):
        assert raw not in page
    assert "&lt;b&gt;" in page
    assert "&lt;/b&gt; &amp; " in page
    assert "0.99%" in page
    # The strongest word has all of its colour, the other half, and one of another hue.
    assert 'rgba(33, 113, 181, 0.65); border-radius: .2em; padding: .1em 0" title="+2.0000">good<' in page
    assert 'rgba(230, 97, 1, 0.325); border-radius: .2em; padding: .1em 0" title="-1.0000">bad<' in page


def test_a_text_without_words_shows_itself(explanation):
    empty = dataclasses.replace(explanation, words=[], texts=("",))
    assert "Occlusion" in empty.to_html()


def test_the_largest_shares_first(explanation):
    assert [word.text for word in explanation.top(1)] == ["good"]
    assert str(explanation) == (
        "Occlusion for <good> (log-odds +3.00, probability 95.3%): good +2.00, bad -1.00"
    )


def test_a_plot_has_a_bar_for_each_word(explanation):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    ax = explanation.plot()
    assert [bar.get_width() for bar in ax.patches] == [-1.0, 2.0]  # the first word is on top
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bad", "good"]
    assert len(explanation.plot(ax=pyplot.figure().subplots(), most=1).patches) == 1
    pyplot.close("all")


def test_show_needs_ipython(explanation, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "IPython.display", None)
    with pytest.raises(ImportError, match="pip install ipython"):
        explanation.show()
