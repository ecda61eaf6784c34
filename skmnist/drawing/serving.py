"""The server: on this machine's own interface, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Final

import uvicorn
from starlette.types import ASGIApp

__all__ = ["address_of", "listen", "serve"]

_HOST: Final = "127.0.0.1"  # no other machine reaches it


def listen(port: int) -> socket.socket:
    """Take a port of the loopback interface, from when on browsers may connect.

    Parameters
    ----------
    port : int
        Its number; 0 for any that is free.

    Returns
    -------
    socket.socket
        For `serve`.

    Raises
    ------
    OSError
        If the port is taken, or not for this user.
    """
    # asyncio sends without delay, 40 ms an answer, on sockets whose protocol is named
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # else a port stays taken for a minute; on Windows it would be shared
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = "in use" if error.errno == errno.EADDRINUSE else "not for this user"
        raise OSError(
            f"Port {port} is {why}. Choose another by --port, or any free one by --port 0."
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Name the address of the page."""
    return f"http://{_HOST}:{listener.getsockname()[1]}"


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Answer requests until Ctrl-C, quietly.

    Parameters
    ----------
    app : ASGI application
        What answers.
    listener : socket.socket
        What `listen` gave; it is closed at the end.
    """
    config = uvicorn.Config(
        app,
        access_log=False,
        http="h11",
        lifespan="off",
        log_config=None,  # errors still reach the terminal
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        ws="none",
    )
    with listener, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
