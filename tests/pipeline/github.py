"""GitHub's commit statuses on loopback: it takes what GitHub takes, and refuses the rest as GitHub does."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TOKEN = "ghp_0123456789"


class Github(http.server.ThreadingHTTPServer):
    """`statuses`: what was taken, with its path; `fail`: answers 502. The rules are those of GitHub's REST API."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[tuple[str, dict[str, str]]] = []
        self.fail = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def judge(self, path: str, headers, body: dict[str, str]) -> int:
        if self.fail:
            return 502
        if path.startswith("/hook/"):
            return 200
        if headers["Authorization"] != f"Bearer {TOKEN}":
            return 401
        if not re.fullmatch(r"/repos/acme/shop/statuses/[0-9a-f]{40}", path):
            return 404
        known = {"state", "description", "context", "target_url"}
        wrong = body.get("state") not in ("error", "failure", "pending", "success") or len(body["description"]) > 140
        return 422 if wrong or not set(body) <= known else 201


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        github = self.server
        assert isinstance(github, Github)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = github.judge(self.path, self.headers, body)
        if status < 300:
            github.statuses.append((self.path, body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
        """Nothing."""


@contextmanager
def standing() -> Iterator[Github]:
    """A stand-in while the block runs."""
    with Github() as github:
        thread = threading.Thread(target=github.serve_forever)
        thread.start()
        try:
            yield github
        finally:
            github.shutdown()
            thread.join()
