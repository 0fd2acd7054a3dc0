"""Input as users have it: videos in any form, files of features, labels and names."""
