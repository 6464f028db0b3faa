"""What apply changed and how it was before, in one JSON file that revert reads."""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from pathlib import Path

from settings import KEY

FORMAT = 1
NAME = "backup.json"


class BackupError(Exception):
    """The backup cannot be trusted or written; nothing was changed because of it."""


def written_whole(path, text, mode):
    """Writes a file that is either as before or complete, whenever the machine stops."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, path)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Backup:
    """`values`: key to the value before the first change. `file`: what --persist wrote, if ever."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / NAME
        self.values = {}
        self.file = None  # {"path": ..., "sha256": ...}
        self.time = None
        self.boot = None

    @contextlib.contextmanager
    def locked(self):
        """One apply or revert at a time; makes the folder."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise BackupError(f"{self.folder}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(file)
            raise BackupError(f"{self.folder}: another parley-tune is at work") from error
        try:
            yield
        finally:
            os.close(file)

    def load(self):
        """Reads the file, when there is one."""
        try:
            with open(self.path, encoding="utf-8") as stream:
                status = os.fstat(stream.fileno())
                # Root writes these values back to the kernel: they must be nobody else's words.
                if status.st_uid not in (0, os.geteuid()) or status.st_mode & (
                        stat.S_IWGRP | stat.S_IWOTH):
                    raise BackupError(f"{self.path} is owned or writable by another user")
                said = json.load(stream)
        except FileNotFoundError:
            return self
        except (OSError, ValueError) as error:
            raise BackupError(f"{self.path} cannot be read: {error}") from error
        if not self._is_ours(said):
            raise BackupError(f"{self.path} is no backup of parley-tune")
        self.values, self.file = said["values"], said["file"]
        self.time, self.boot = said["time"], said["boot"]
        return self

    @staticmethod
    def _is_ours(said):
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            return False
        values, file = said.get("values"), said.get("file", ())
        texts = (str, type(None))
        return (isinstance(values, dict) and "file" in said and
                isinstance(said.get("time"), texts) and isinstance(said.get("boot"), texts) and
                all(KEY.fullmatch(key) and isinstance(value, str)
                    for key, value in values.items()) and
                (file is None or isinstance(file, dict) and set(file) == {"path", "sha256"} and
                 all(isinstance(value, str) for value in file.values())))

    @property
    def is_empty(self):
        return not self.values and self.file is None

    def save(self):
        if self.is_empty:
            return self.remove()
        said = {"format": FORMAT, "time": self.time, "boot": self.boot, "values": self.values,
                "file": self.file}
        try:
            written_whole(self.path, json.dumps(said, indent=1) + "\n", 0o600)
        except OSError as error:
            raise BackupError(f"{self.path}: {error.strerror}") from error

    def remove(self):
        self.path.unlink(missing_ok=True)
