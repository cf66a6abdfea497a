"""What stands before every route: the Host header is checked, and every answer carries the safe headers."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Guard:
    """Refuses foreign Host headers (a page elsewhere that points its own name at this machine)."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, policy: str) -> None:
        self.app = app
        self.hosts = hosts
        self.headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        host = name_of(Headers(scope=scope).get("host", ""))
        if self.hosts is None or host in self.hosts:
            await self.app(scope, receive, sealed)
        else:
            refusal = {"error": "this service answers only to the name of this machine. Use its own address."}
            await JSONResponse(refusal, 400)(scope, receive, sealed)


def name_of(host: str) -> str:
    """Return a Host header without its port: `[::1]:8080` -> `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
