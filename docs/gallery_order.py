"""Order of the examples: those on real data first."""

ORDER = [
    "raw_signals_to_groups.py",
    "repetitions.py",
    "settings.py",
    "poses.py",
    "video.py",
    "activities.py",
]


class RealDataFirst:
    """Key to sort examples by, as Sphinx-Gallery wants it."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        """Give the place of an example."""
        return ORDER.index(str(filename))

    def __repr__(self):
        # a change of it makes Sphinx build the gallery again
        return f"RealDataFirst of {ORDER}"
