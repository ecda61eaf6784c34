"""Files inside zip archives on servers, fetched without the rest of the archive."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any, Final

import requests

__all__ = ["download_member"]

_BUFFER: Final = 1 << 20  # bytes asked for at once


class _RemoteFile(io.RawIOBase):
    """A file on a server, of which what is read is downloaded, by HTTP's range requests.

    Parameters
    ----------
    address : str
        Its URL.
    timeout : float
        Seconds without a byte after which the server counts as dead.

    Raises
    ------
    ValueError
        If the server doesn't answer ranges.
    requests.RequestException
        If it doesn't answer at all.
    """

    def __init__(self, address: str, timeout: float) -> None:
        super().__init__()
        self._address = address
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"  # ranges of the file as it is
        self._position = 0
        _, length = self._range(0, 1)
        self._length = length

    def _range(self, start: int, stop: int) -> tuple[bytes, int]:
        """Ask for some bytes; also give the length of the file."""
        with self._session.get(
            self._address,
            headers={"Range": f"bytes={start}-{stop - 1}"},
            timeout=self._timeout,
            stream=True,  # lest a server that ignores the range sends all
        ) as response:
            response.raise_for_status()
            length = response.headers.get("Content-Range", "").rpartition("/")[2]
            if response.status_code != requests.codes.partial_content or not length.isdecimal():
                raise ValueError(f"{self._address} can't be read in parts: no range was given.")
            return response.content, int(length)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        stop = min(self._position + len(buffer), self._length)
        if stop <= self._position:
            return 0
        content, _ = self._range(self._position, stop)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def close(self) -> None:
        self._session.close()
        super().close()


def download_member(address: str, member: str, path: Path, timeout: float) -> None:
    """Download one member of a zip archive.

    Parameters
    ----------
    address : str
        The URL of the archive.
    member : str
        Its name in the archive.
    path : Path
        The file to write.
    timeout : float
        Seconds without a byte after which the server counts as dead.

    Raises
    ------
    ValueError
        If there is no archive of that kind, or no such member.
    requests.RequestException
        If the server doesn't answer.
    """
    try:
        with (
            io.BufferedReader(_RemoteFile(address, timeout), _BUFFER) as remote,
            zipfile.ZipFile(remote) as archive,
            archive.open(member) as found,
            path.open("wb") as file,
        ):
            shutil.copyfileobj(found, file, _BUFFER)
    except KeyError as error:
        raise ValueError(f"{address} holds no {member}.") from error
    except zipfile.BadZipFile as error:
        raise ValueError(f"{address} is not a whole zip archive: {error}") from error
