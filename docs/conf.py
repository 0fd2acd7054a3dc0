"""Settings of the Sphinx site: sphinx-build -W --keep-going docs docs/_build/html."""

import os
import re
import sys

# the networks of the examples are small: more threads only get in each other's way
os.environ.setdefault("OMP_NUM_THREADS", "1")

import skl_tot

sys.path.insert(0, os.path.dirname(__file__))  # where gallery_order is

project = "skl-tot"
author = "The skl-tot developers"
copyright = author
version = release = skl_tot.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
default_role = "py:obj"  # single backquotes in docstrings are names
autodoc_typehints = "none"  # docstrings have the types of parameters
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3

numpydoc_show_class_members = False  # the template of classes does that
# Checks of numpydoc that `.ci/check_docs.py` leaves out.
LEFT_OUT = {
    "ES01",  # a summary often says all
    "EX01",  # methods are shown by the example of their class; tests ask for that
    "PR08",  # a description may start with a name that has no capital, as scikit-learn
    "RT02",  # returned values have names, as in scikit-learn
    "RT04",  # as PR08
    "SA01",  # not everything has a relative
}

# Methods for the inside of the package, which pages leave out.
INSIDE = r"""
    Recordings\.(errors|gather|named_errors|plain|read|restore|row_blocks|select)
    |Recordings\.(standardize|store)
    |Chain\.(expected_moves|for_length)
    |Decoder\.nats_of_switch
    |Look\.say_\w+
    |\w+\.compare_alternatives
    |Adam\.settings
    |Component\.checked
    |FixedPrior\.set_params
    |CrossEntropy\.codes\w*
"""

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "gallery_order.MethodFirst",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skl_tot",),
    "reference_url": {"skl_tot": None},
    "download_all_examples": False,
    "parallel": 2,
    "show_signature": False,
    "write_computation_times": False,
}

html_math_renderer = "mathml"  # browsers show it without scripts from elsewhere
html_theme = "pydata_sphinx_theme"
html_title = "skl-tot"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {"**": ["pages"]}
html_theme_options = {
    "footer_end": [],
    "footer_start": ["copyright"],
    "navigation_with_keys": False,
    "navbar_center": [],  # pages are listed at the side
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}


def setup(app):
    """Write formulae as MathML, which needs no network and no LaTeX."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline, None), block_renderers=(_block, None)
    )
    app.connect("autodoc-skip-member", _skip)


def _skip(app, what, name, member, skip, options):
    return True if is_left_out(member) else None


def is_left_out(method):
    """Whether pages leave a method out: of the inside, or described by a base."""
    name = getattr(method, "__qualname__", "")
    if re.fullmatch(INSIDE, name, re.VERBOSE):
        return True
    owner, _, own = name.rpartition(".")
    module = sys.modules.get(getattr(method, "__module__", None))
    bases = getattr(getattr(module, owner, None), "__mro__", ())[1:]
    if "Parameters\n" in (method.__doc__ or ""):
        return False
    return any(own in vars(base) for base in bases if "skl_tot" in base.__module__)


def _inline(translator, node):
    _write(translator, node.astext(), "inline")


def _block(translator, node):
    # MathML has no margin for numbers
    formula = re.sub(r"\\tag\{(.*?)\}", r"\\qquad\\text{(\1)}", node.astext())
    _write(translator, formula, "block")


def _write(translator, formula, display):
    from docutils.nodes import SkipNode
    from latex2mathml.converter import convert

    translator.body.append(convert(formula, display=display))
    raise SkipNode
