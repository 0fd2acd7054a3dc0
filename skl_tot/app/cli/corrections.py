"""Commands for people who correct: suggest, refine, review."""

from pathlib import Path

from skl_tot.app.cli import arguments, inputs, outputs
from skl_tot.app.cli.outputs import stage
from skl_tot.app.cli.recipes import Recipe, recipe_options

# Options of a first fit, and all of a recipe.
OF_FIT = ("method", "set", "order")
OF_RECIPE = (
    "n_actions",
    *OF_FIT,
    "min_duration",
    "seed",
    "pipeline",
    "cycles",
    "faults",
)


def add_suggest(commands):
    """Add the command ``suggest``."""
    parser = arguments.add_command(
        commands,
        suggest,
        "say which recording to label first, or next",
        "skl-tot suggest features --labels corrected",
        [arguments.labels_options(), arguments.reading_options()],
    )
    parser.add_argument("data", metavar="DATA", help=arguments.DATA)
    text = "number of recordings (default: 1)"
    parser.add_argument("--number", type=int, default=1, metavar="N", help=text)


def suggest(options):
    """Print recordings to label, and why."""
    arguments.check_needed(options, "labels", ["gaps"])
    inputs.check_inputs(options.data, options.labels)
    source = inputs.Source(options.data, options)
    from skl_tot.corrections import recordings_to_label

    recordings, y = source.open(), None
    if options.labels:
        y = inputs.read_labels_in_order(options, recordings, options.data)
    with stage("fitting without labels"):
        proposals = recordings_to_label(recordings, y, n=options.number, random_state=0)
    for proposal in proposals:
        name = recordings.names[proposal["recording"]]
        print(": ".join(filter(None, [name, proposal["reason"]])))
    number = outputs.count(len(recordings), "recording")
    print(f"Compared: {number}, by features and by the labels of fits without labels.")
    print(inputs.describe_amount(y) if y else "No recording has labels yet.")


def add_refine(commands):
    """Add the command ``refine``."""
    parser = arguments.add_command(
        commands,
        refine,
        "teach a model the labels that people corrected",
        "skl-tot refine model.skops features --labels corrected --out new.skops",
        [arguments.labels_options(required=True), arguments.reading_options()],
    )
    parser.add_argument("model", metavar="MODEL", help=arguments.MODEL)
    parser.add_argument("data", metavar="DATA", help=arguments.DATA)
    arguments.add_model_out(parser)


def refine(options):
    """Teach a model the labels of some recordings and save it."""
    inputs.check_inputs(options.model, options.data, options.labels)
    paths = [options.data, options.labels]
    outputs.check_output(options.out, "--out", paths, [".skops"])
    source = inputs.Source(options.data, options)
    from skl_tot import corrections
    from skl_tot.io.models import save_model

    model = inputs.load_model(options.model)
    recordings = inputs.open_fitted(source, model)
    y = inputs.read_labels_in_order(options, recordings, options.data)
    with stage("learning"):
        refined = corrections.refine(model, recordings, y)
    with stage("writing"):
        save_model(refined, options.out)
    print(inputs.describe_amount(y))
    print(f"Written to {options.out}.")


def add_review(commands):
    """Add the command ``review``."""
    parser = arguments.add_command(
        commands,
        review,
        "label a recording in a browser, and the others follow; or correct a model's "
        "segments",
        "skl-tot review features --videos videos --out checked",
        [
            recipe_options("fits recordings first"),
            arguments.labels_options(),
            arguments.faults_options("the page asks once"),
            arguments.reading_options(),
        ],
    )
    add = parser.add_argument
    text = """recordings; you label one, and L labels the others; with --n-actions, they
    are fitted first; or, before DATA, a model from fit"""
    add("start", metavar="START", help=text)
    add("data", metavar="DATA", nargs="?", help="recordings of the model, as for fit")
    text = "folder of videos, each with the name of its recording"
    add("--videos", metavar="FOLDER", help=text)
    text = "folder of the results, from which a later start goes on (default: review)"
    add("--out", default="review", metavar="FOLDER", help=text)
    text = "port of the server on this machine; 0 takes a free one (default: 0)"
    add("--port", type=int, default=0, help=text)
    add("--no-browser", action="store_true", help="print only the address")


def review(options):
    """Serve the page until Ctrl-C."""
    model, data = options.start, options.data
    if data is None:
        model, data = None, options.start
    for name in OF_RECIPE:
        if model is not None and getattr(options, name) is not None:
            text = f"--{name.replace('_', '-')} is given with the model {model}"
            raise ValueError(f"{text}, expected one of them.")
    arguments.check_needed(options, "n_actions", OF_FIT)
    arguments.check_needed(options, "labels", ["gaps"])
    others = [data, options.labels, options.videos]
    inputs.check_inputs(model, *others)
    outputs.check_output(options.out, "--out", [model, *others], is_folder=True)
    recipe = None if model else Recipe(options)
    source = inputs.Source(data, options)
    from skl_tot.app.review import find_review
    from skl_tot.app.review.calls import Calls
    from skl_tot.app.review.server import make_review, run

    about = None
    if find_review(options.out):  # which may be open elsewhere
        from skl_tot.app.review.history import beginning_of  # slow

        about = beginning_of(options.out)

    def make(tell):
        """Read the inputs in a thread, while the server already answers."""
        segmenter = inputs.load_model(model)
        if recipe is None:
            recordings = inputs.open_fitted(source, segmenter)
        else:
            answer = options.faults or _answer_before(source, about) or calls.ask
            segmenter = recipe.make()
            recordings, segmenter = inputs.open_checked(source, segmenter, answer)
            recipe.set_seed(segmenter)
        y = options.labels and inputs.read_labels_in_order(options, recordings, data)
        return make_review(segmenter, recordings, options.out, y, options.videos, tell)

    calls = Calls(make, Path(data).name)
    run(calls, options.port, not options.no_browser)
    if calls.review is not None:
        print(f"All is in {options.out}, from which the same command goes on.")


def _answer_before(source, about):
    """Answer on faults in a review that has begun, with its stops; None before it."""
    if about is None:
        return None
    source.options["pauses"] = source.options["pauses"] or about["pauses"]
    steps = f"{about['steps']} {about.get('settings')}"  # before labels, or in a fit
    return "fill" if str(inputs.fills_all()) in steps else "leave"
