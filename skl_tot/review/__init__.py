"""People look at what a model finds, correct it, and teach the model with that."""
