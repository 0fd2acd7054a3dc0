from .server import serve
from .session import Review
from .widget import ReviewWidget

NAME: str
FILES: tuple[str, str]

def find_review(path): ...

__all__ = [
    "Review",
    "ReviewWidget",
    "serve",
]
