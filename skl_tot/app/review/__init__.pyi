from .server import serve
from .session import Review

NAME: str
FILES: tuple[str, str]

def find_review(path): ...

__all__ = [
    "Review",
    "serve",
]
