"""The documentation's site: what its builder makes of the sources."""

import inspect
import re
import runpy
from pathlib import Path
from unittest.mock import Mock

import pytest

import skl_tot
from skl_tot import metrics

DOCS = Path(skl_tot.__file__).resolve().parents[1] / "docs"


def test_scores_are_no_mail_addresses():
    """As docutils takes F1@50 for one, it stands between double backquotes."""
    publish = pytest.importorskip("docutils.core").publish_doctree
    for name in metrics.__all__:
        summary = (inspect.getdoc(getattr(metrics, name)) or "").split("\n\n")[0]
        assert "mailto:" not in str(publish(summary)), name


class TestFormulae:
    """They are shown where there is no network."""

    @pytest.mark.parametrize(
        ("kind", "formula", "expected"),
        [
            ("math", r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
            ("math_block", r"\hat y_t, \tag{10}", "<mtext>(10)</mtext>"),
        ],
    )
    def test_are_mathml(self, kind, formula, expected):
        pytest.importorskip("latex2mathml")
        nodes = pytest.importorskip("docutils.nodes")
        settings = runpy.run_path(DOCS / "conf.py")
        assert "sphinx.ext.mathjax" not in settings["extensions"]
        app, translator = Mock(), Mock(body=[])
        settings["setup"](app)
        (name,), renderers = app.add_html_math_renderer.call_args
        assert name == settings["html_math_renderer"]
        which = {"math": "inline_renderers", "math_block": "block_renderers"}[kind]
        with pytest.raises(nodes.SkipNode):
            renderers[which][0](translator, getattr(nodes, kind)(formula, formula))
        (written,) = translator.body
        assert written.startswith("<math ")
        assert expected in written
        assert "\\" not in written

    def test_built_pages_load_nothing_from_elsewhere(self):
        pages = list((DOCS / "_build" / "html").rglob("*.html"))
        if not pages:
            pytest.skip("the site is not built")
        for page in pages:
            text = page.read_text(encoding="utf-8")
            loaded = (
                r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=.https?://[^>]*>"
            )
            assert re.findall(loaded, text) == [], page
