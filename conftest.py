"""Doctests of classes whose ``__module__`` is the public one, not their file."""

import dataclasses
import doctest
import inspect

# pytest makes its own finder, and has no hook or option for another one: all finders
# change.
is_of_module = doctest.DocTestFinder._from_module


def is_of_file(self, module, value):
    """Whether a class with methods is written in the file, and not only exported."""
    members = vars(value).values() if inspect.isclass(value) else ()
    files = {x.__code__.co_filename for x in members if inspect.isfunction(x)}
    files -= {"<string>", dataclasses.__file__}  # of methods that are generated
    if files:
        return module.__file__ in files
    return is_of_module(self, module, value)


doctest.DocTestFinder._from_module = is_of_file
