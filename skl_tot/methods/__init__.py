"""The segmenters of this package, one file each, and their shared parts."""

# `base` has the public methods, `networks` training and embeddings, `prototypes`
# pseudo-labels, parts and streams, `correction_layers` corrections of scores.

from skl_tot.recordings.imports import loader, places

# For the programs on top, see docs/api.md.
_PLACES = places(
    __name__,
    numbers="describe_choice",
    pipelines="describe_look feature_names is_cyclic last_step path_boundaries "
    "path_confidence predict_with_confidence read_videos segmenter_of "
    "shown_labels steps_of transform_before action_warnings "
    "windows_of with_last",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
