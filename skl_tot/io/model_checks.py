"""Whether a model from a file has methods where it should."""


def check_methods(model):
    """Refuse an attribute of a model, or of what it holds, in place of a method."""
    values, seen = [model], set()
    while values:
        value = values.pop()
        if id(value) in seen or isinstance(value, type):
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, (list, tuple, set)):
            values.extend(value)
        elif hasattr(value, "__dict__"):
            _check_attributes(value)
            values.extend(vars(value).values())


def _check_attributes(value):
    kind = type(value)
    for name in vars(value):
        if callable(getattr(kind, name, None)):
            raise ValueError(f"{kind.__name__} has {name!r} in place of its method")
