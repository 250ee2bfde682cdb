"""The page served on this machine alone: who may ask, what may be loaded, how it ends."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.errors import DataError, UndercountError, UsageError
from estimation.explore.answer import ask
from estimation.explore.state import State

if TYPE_CHECKING:
    from flask import Flask, Response

#: The only address that is listened to: nobody beyond this machine can ask.
ADDRESS = "127.0.0.1"

#: Names by which a browser on this machine may call us.  A page elsewhere whose name was made to
#: point here (DNS rebinding) comes with its own.
_OURS = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)

#: What may be asked for, and what begins what else may be: scripts and the page itself.
_PATHS = ("/", "/runs", "/study.toml", "/files", "/_dash-layout", "/_dash-dependencies",
          "/_dash-update-component")  # fmt: skip
_BELOW = ("/_dash-component-suites/", "/assets/")

#: Bytes of a request at most, seconds that one may take to come in.
_MOST_BYTES, _SECONDS = 100_000, 20

type _Start = Callable[..., Any]


class Guard:
    """Refuses requests of foreign pages before anything else sees them.

    Parameters
    ----------
    inner : WSGI application
        What answers all others.
    """

    def __init__(self, inner: Callable[[dict[str, Any], _Start], Iterable[bytes]]) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        """Answer a request as WSGI does."""
        path = environ.get("PATH_INFO", "")
        if not _is_own(environ):
            status, said = "403 Forbidden", "the explorer answers its own page on this machine only"
        elif path not in _PATHS and not path.startswith(_BELOW):
            status, said = "404 Not Found", "the explorer has no such page"
        else:
            return self.inner(environ, start)
        body = f"{status[:3]}: {said}\n".encode()
        head = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))),
                ("X-Content-Type-Options", "nosniff")]  # fmt: skip
        start(status, head)
        return [body]


def _is_own(environ: dict[str, Any]) -> bool:
    """Return whether a request comes from our own page, from the address bar, or by a link."""
    host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
    if _OURS.fullmatch(host) is None:
        return False
    own = f"http://{host.lower()}"
    # another page on this machine has another port, and so another origin
    if origin is not None and origin.lower() != own:
        return False
    referer = environ.get("HTTP_REFERER")
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    if site in ("none", "same-origin") and (
        referer is None or f"{referer.lower()}/".startswith(f"{own}/")
    ):
        return True
    # a link elsewhere may open the page, where a person sees it; nothing else of it is given
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and environ.get("PATH_INFO") in ("/", "/runs")
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
    )


def missing_page() -> str:
    """Return what to install for the page, or nothing if all is there."""
    if importlib.util.find_spec("dash") is None:
        return 'pip install "undercount[explore]"'
    return ""


def build_server(folder: Path, start: State) -> Flask:
    """Return the guarded application: the page, studies to save, files of stored runs.

    Parameters
    ----------
    folder : Path
        Of stored runs; no file outside of it is served.
    start : State
        What is asked where the address says nothing.

    Raises
    ------
    UsageError
        If Dash is not installed.
    """
    if missing := missing_page():
        raise UsageError("Dash is not installed", where="explore", remedy=missing)
    from estimation.explore.app import build_app

    app = build_app(folder, start)
    server: Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    _add_files(server, folder)
    scripts = " ".join(app.csp_hashes())
    policy = (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )

    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response

    server.after_request(protect)
    server.register_error_handler(Exception, _failed)
    guarded: Any = Guard(server.wsgi_app)
    server.wsgi_app = guarded  # type: ignore[method-assign]  # as Flask documents
    return server


def _add_files(server: Flask, folder: Path) -> None:
    from flask import Response, request

    from estimation.explore.runs import SHOWN, run_file

    def study() -> Response:
        state, problems = State.from_query(request.query_string.decode("ascii", "replace"))
        try:
            if problems:
                raise DataError(" ".join(problems))
            written = state.to_toml()
        except UndercountError as error:
            return Response(f"{error}\n", 400, mimetype="text/plain")
        response = Response(written, mimetype="application/toml")
        response.headers["Content-Disposition"] = 'attachment; filename="what-if.toml"'
        return response

    def file() -> Response:
        try:
            place = run_file(folder, request.args.get("run", ""), request.args.get("file", ""))
            response = Response(place.read_bytes(), content_type=SHOWN[place.suffix])
        except (DataError, OSError):
            return Response("404: no such file of a stored run\n", 404, mimetype="text/plain")
        if place.suffix not in (".png", ".svg"):
            response.headers.set("Content-Disposition", "attachment", filename=place.name)
        # a drawing is a document of its own: no script in it may run, nothing is loaded
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        )
        return response

    server.add_url_rule("/study.toml", "study", study)
    server.add_url_rule("/files", "file", file)


def _failed(error: Exception) -> Any:
    """Return a plain answer to what went wrong; no traceback goes anywhere."""
    from flask import Response
    from werkzeug.exceptions import HTTPException

    if isinstance(error, RecursionError):
        return Response("400: is nested too deeply\n", 400, mimetype="text/plain")
    if isinstance(error, HTTPException):
        return Response(f"{error.code}: {error.name}\n", error.code, mimetype="text/plain")
    return Response(f"500: our fault: {type(error).__name__}\n", 500, mimetype="text/plain")


def listening(port: int) -> socket.socket:
    """Return a socket that listens on this machine alone.

    Parameters
    ----------
    port : int
        0 for any that is free.

    Raises
    ------
    DataError
        If the port is taken or may not be used.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # the port of an explorer that just ended is free at once
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((ADDRESS, port))
        found.listen(64)
    except OSError as error:
        found.close()
        raise DataError(
            f"cannot be listened on: {error.strerror}", where=f"port {port}",
            remedy="name another with --port, or end what uses it",
        ) from None  # fmt: skip
    return found


@contextlib.contextmanager
def serving(folder: Path, start: State, port: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the address, and what serves it until Ctrl-C.

    Parameters
    ----------
    folder : Path
        Of stored runs.
    start : State
        What is asked where the address says nothing.
    port : int
        0 for any that is free.
    """
    with listening(port) as own:
        server = build_server(folder, start)
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Handler(WSGIRequestHandler):
            # whoever sends half a request does not hold a thread for ever
            timeout = _SECONDS

        # SciPy is loaded at the first soft belief: meanwhile, so that no slider waits for it
        threading.Thread(target=ask, args=(State(shape="beta"),), daemon=True).start()
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        chosen = own.getsockname()[1]
        made = make_server(
            ADDRESS, chosen, server, threaded=True, request_handler=Handler, fd=own.fileno()
        )
        try:
            yield f"http://{ADDRESS}:{chosen}/", made.serve_forever
        finally:
            made.server_close()
