"""Order of the examples: the method first, then ways to use it."""

ORDER = [
    "step_by_step.py",
    "search.py",
    "methods.py",
    "raw_signals.py",
    "label_one.py",
    "cycles.py",
]


class MethodFirst:
    """Key to sort examples by, as Sphinx-Gallery wants it."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        """Give the place of an example."""
        return ORDER.index(str(filename))

    def __repr__(self):
        # a change of it makes Sphinx build the gallery again
        return f"MethodFirst of {ORDER}"
