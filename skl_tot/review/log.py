"""A file of lines, to which each action of a review is added before it counts."""

import json
import os

try:
    import fcntl
except ImportError:  # Windows, where nothing tells of a second review
    fcntl = None


class Log:
    """Lines of JSON in a file that one process at a time has open.

    A line is on the disk when `append` returns, or else the file is as it was. What a
    process that was killed left of a line is cut.
    """

    def __init__(self, path):
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._lock()
            self.lines = self._read()
        except BaseException:
            self.close()
            raise

    def _lock(self):
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FileExistsError(
                f"{self.path} belongs to a review that is open; close that one, or "
                "give another folder as out."
            ) from error

    def _read(self):
        """Lines that are whole; cuts what follows them."""
        with open(self._file, "rb", closefd=False) as file:
            content = file.read()
        *whole, torn = content.split(b"\n")
        lines = []
        for number, line in enumerate(whole, start=1):
            try:
                lines.append(json.loads(line))
            except ValueError as error:
                if number == len(whole) and not torn:  # space without content
                    break
                raise ValueError(
                    f"{self.path}, line {number}, is no JSON, expected a file of a "
                    "review; give another folder as out."
                ) from error
        self._size = sum(map(len, whole[: len(lines)])) + len(lines)
        os.ftruncate(self._file, self._size)
        return lines

    def append(self, line):
        """Add a line; if that fails, the file stays as it was."""
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            os.lseek(self._file, self._size, os.SEEK_SET)
            rest = data
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except BaseException as error:
            os.ftruncate(self._file, self._size)
            if not isinstance(error, OSError):
                raise
            reason = (
                f"{error.strerror}, nothing is changed; try again when it is mended"
            )
            raise OSError(error.errno, reason, str(self.path)) from error
        self._size += len(data)

    def close(self):
        """Let others open the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __del__(self):
        self.close()
