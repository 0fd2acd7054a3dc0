"""Input as users have it: videos in any form, files of features, labels and names.

Public elsewhere: `FeatureFiles` in `skl_tot.datasets`; `name_actions` and `read_names`
in `skl_tot.io`.
"""
