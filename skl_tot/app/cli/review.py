"""The command review: a browser page to check, correct and teach."""

from pathlib import Path

from skl_tot.app.cli.recipes import Recipe, for_labels, recipe_of
from skl_tot.app.cli.registry import command, labels_of_people, recordings_of


def _take_given(model, data=None, **reading):
    """Return the model path (or None) and the recordings from the given arguments."""
    from skl_tot.app.cli.sources import Source, check_model

    path, data = (None, model) if data is None else (model, data)
    return path and check_model(path), Source(data, **reading)


GIVEN = recordings_of(
    "MODEL: file from fit or search; or, with --n-actions, recordings to fit first\n"
    "DATA: recordings, as for fit",
    "given",
    _take_given,
    data={"nargs": "?"},
)


@command(
    """
    check segments in a browser, correct them, and teach the model

    --videos FOLDER: videos, each with the name of its recording
    --out FOLDER: folder of the results; a later start with it continues from there
        [default: review]
    --port N: port of the server on this machine; 0 takes a free one [default: 0]
    --no-browser: print only the address
    """,
    "skl-tot review model.skops features --videos videos --out checked",
    GIVEN,
    recipe_of("(fits recordings first)"),
    labels_of_people(),
)
def review(given, recipe, labels, videos, out, port, no_browser):
    """Serve the page until Ctrl-C."""
    model, source = given
    if (model is None) == (recipe.n_actions is None):
        raise ValueError(
            "Expected a model and recordings, or recordings and --n-actions."
        )
    if model is not None and recipe != Recipe(None):
        raise ValueError(f"{model} is given, expected it without options of a fit.")
    from skl_tot.app.review.calls import Calls
    from skl_tot.app.review.server import make_review, run

    def make(tell):
        """Read the inputs in a thread, while the server already answers."""
        from skl_tot.io import load_model

        chosen = None if model is None else load_model(model)
        data = source.open(chosen)
        y = None if labels is None else labels.read(data, source.path)
        if chosen is None:
            chosen = recipe.make() if y is None else for_labels(recipe.make())
            recipe.sow(chosen)
        return make_review(chosen, data.videos, out, y, videos, tell)

    calls = Calls(make, Path(source.path).name)
    run(calls, port, not no_browser)
    if calls.review is not None:
        print(f"All is in {out}, from which the same command goes on.")
