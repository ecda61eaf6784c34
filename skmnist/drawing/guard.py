"""The guard at the door: only the page itself, in a browser on this machine, is answered.

A server on the loopback interface can still be asked by any page that the browser shows. Pages of
others, and names of others that resolve to this machine, are refused by what the browser says of
them: Host, Origin and Sec-Fetch-Site.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

_READING: Final = {"GET", "HEAD"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Guard:
    """ASGI middleware that refuses requests of other pages and other names.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = _refusal(scope["method"], Headers(scope=scope), scope["server"][1])
        app = PlainTextResponse(refusal, status_code=403) if refusal else self._app
        await app(scope, receive, send_guarded)


def _refusal(method: str, headers: Headers, port: int) -> str:
    """Say why a request is refused; nothing where it is not."""
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
    if port == 80:  # which browsers leave out
        hosts |= {"127.0.0.1", "localhost"}
    if headers.get("host") not in hosts:
        return "Only the address that skmnist draw printed is answered."
    origin = headers.get("origin")
    if origin is not None:
        allowed = origin in {f"http://{host}" for host in hosts}
    else:
        allowed = method in _READING or headers.get("sec-fetch-site") == "same-origin"
    return "" if allowed else "Only the page of skmnist draw is answered."
