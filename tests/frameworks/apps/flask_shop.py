"""A WSGI application: Flask behind a2wsgi."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, jsonify, redirect, request, session, url_for


def make_app() -> Any:
    """A shop with a basket in a signed cookie."""
    app = Flask(__name__)
    app.secret_key = "not a secret"

    @app.get("/")
    def index() -> str:
        return f"hello {request.args.get('name', 'world')}"

    @app.get("/environ/<path:rest>")
    def environ(rest: str) -> Response:
        names = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "wsgi.url_scheme")
        return jsonify(rest=rest, host=request.host, **{name: request.environ[name] for name in names})

    @app.post("/orders")
    def order() -> tuple[Response, int, dict[str, str]]:
        wanted = request.get_json()
        session["orders"] = [*session.get("orders", []), wanted["item"]]
        return jsonify(session["orders"]), 201, {"location": url_for("index", name=wanted["item"])}

    @app.post("/upload")
    def upload() -> dict[str, Any]:
        read = 0
        while piece := request.stream.read(10_000):
            read += len(piece)
        return {"read": read, "length": request.content_length}

    @app.post("/form")
    def form() -> dict[str, Any]:
        return {name: request.form.getlist(name) for name in sorted(request.form)}

    @app.get("/numbers")
    def numbers() -> Response:
        def lines() -> Iterator[str]:
            for number in range(500):
                yield f"{number}\n"

        return Response(lines(), mimetype="text/plain")

    @app.get("/old")
    def old() -> Any:
        return redirect(url_for("index"))

    return WSGIMiddleware(app)
