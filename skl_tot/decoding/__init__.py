"""From log-likelihoods to labels: paths, parts of actions, background. numpy only."""
