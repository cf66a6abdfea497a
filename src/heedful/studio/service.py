"""The HTTP service: one classifier, one thread that uses it, and a bounded number of requests that wait."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from heedful import __version__
from heedful.errors import HeedfulError
from heedful.studio.answers import answers
from heedful.studio.guard import Guard
from heedful.studio.limits import Limits, RequestError, read_body, texts_of
from heedful.studio.page import page, policy
from heedful.studio.schema import PREDICT

log = logging.getLogger("heedful.studio")


class Desk:
    """The model and its one thread. At most `places` requests are in hand; the next one is refused."""

    def __init__(self, estimator: Any, places: int) -> None:
        self.estimator = estimator
        self.model = {
            "method": str(estimator.method),
            "classes": [str(name) for name in estimator.classes_.tolist()],
            "version": __version__,
        }
        self.free = places
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="heedful-model")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place from before the body is read, so that memory is bounded too. Event loop only."""
        if self.free == 0:
            sentence = "too many requests at once. Try again in a second."
            raise RequestError(429, sentence, {"Retry-After": "1"})
        self.free -= 1
        try:
            yield
        finally:
            self.free += 1

    async def ask(self, texts: list[str]) -> bytes:
        """Return the answer's JSON document; the event loop stays free meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, self._answer, texts)

    def _answer(self, texts: list[str]) -> bytes:
        document = {**answers(self.estimator, texts), "model": self.model}
        return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def create_app(
    estimator: Any, *, limits: Limits | None = None, hosts: frozenset[str] | None = None
) -> FastAPI:
    """Return the service for a fitted classifier.

    `hosts` are the names that a Host header may carry (against DNS rebinding); None takes any.
    """
    limits = limits or Limits()
    desk = Desk(estimator, limits.waiting)
    app = FastAPI(
        title="Heedful", version=__version__, lifespan=_closing(desk),
        docs_url=None, redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.add_middleware(Guard, hosts=hosts, policy=policy())
    app.add_exception_handler(HTTPException, _refused)
    _add_routes(app, desk, limits)
    return app


def _closing(desk: Desk) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        yield
        desk.thread.shutdown(wait=False, cancel_futures=True)

    return lifespan


def _add_routes(app: FastAPI, desk: Desk, limits: Limits) -> None:
    document = page(desk.model, limits.text_characters)

    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return HTMLResponse(document)

    @app.head("/health", include_in_schema=False)
    @app.get("/health", operation_id="health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", **desk.model}

    @app.post("/predict", openapi_extra=PREDICT)
    async def predict(request: Request) -> Response:
        try:
            with desk.place():
                body = await read_body(request.stream(), request.headers.get("content-length"), limits)
                return Response(await desk.ask(texts_of(body, limits)), media_type="application/json")
        except RequestError as problem:
            return _error(problem.status, str(problem), problem.headers)
        except ClientDisconnect:
            return _error(400, "the connection closed before the body was complete.")
        except HeedfulError as problem:
            return _error(422, str(problem))
        except Exception:
            log.exception("a prediction failed")
            return _error(500, "the model failed on this request; the log of the service says why.")


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers)


async def _refused(request: Request, problem: Exception) -> Response:
    """Answer an unknown path or a wrong verb as JSON too."""
    assert isinstance(problem, HTTPException)
    sentences = {404: "there is nothing here", 405: f"{request.method} is not possible here"}
    sentence = sentences.get(problem.status_code, str(problem.detail))
    known = "Use GET /, GET /health or POST /predict."
    return _error(problem.status_code, f"{sentence}. {known}", dict(problem.headers or {}))
