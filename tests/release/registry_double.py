"""A small OCI registry in this process, over what the distribution specification asks of one, with faults to order."""

import hashlib
import json
import re
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Double:
    """What it holds, what it was asked, and how it misbehaves."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        """(method, path, Range) of every request."""
        self.cut_after: list[int] = []
        """Bytes after which the next blob answers break off, one an answer."""
        self.ranges = True
        self.password = ""
        """``USER:PASSWORD`` in base64; empty: open to all."""
        self.scheme = "Bearer"
        self.failing: list[int] = []
        """Statuses of the next answers."""
        self.address = ""

    def bodies(self, method: str) -> list[str]:
        return [path for asked, path, _ in self.asked if asked == method and "/blobs/" in path]


@contextmanager
def registry(certificate: Path | None = None, key: Path | None = None) -> Iterator[Double]:
    """With a certificate, over TLS."""
    double = Double()

    class Handler(_Handler):
        state = double

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    double.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Double

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, code: str, **headers: str) -> None:
        self._answer(status, json.dumps({"errors": [{"code": code, "message": "so it is"}]}).encode(), **headers)

    def _turned_away(self) -> bool:
        state = self.state
        length = int(self.headers.get("Content-Length") or 0)
        if state.failing and "/token" not in self.path:
            self.rfile.read(length)
            self._error(state.failing.pop(0), "ORDERED")
            return True
        if not state.password or self.path.startswith("/token"):
            return False
        writes = self.command not in ("GET", "HEAD")
        token = "Bearer push" if writes else ("Bearer push", "Bearer pull")
        given = self.headers.get("Authorization", "")
        fine = given in token if state.scheme == "Bearer" else given == f"Basic {state.password}"
        if fine and given:
            return False
        self.rfile.read(length)
        realm = f"http://{state.address}/token"
        asked = f'Bearer realm="{realm}",service="double",scope="{"push" if writes else "pull"}"'
        self._error(401, "UNAUTHORIZED", Www_Authenticate=asked if state.scheme == "Bearer" else 'Basic realm="double"')
        return True

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        state, split = self.state, urlsplit(self.path)
        state.asked.append((self.command, split.path, self.headers.get("Range", "")))
        if self._turned_away():
            return
        if split.path == "/v2/":
            self._answer(200)
        elif split.path == "/token":
            fine = self.headers.get("Authorization") == f"Basic {state.password}"
            scope = parse_qs(split.query)["scope"][0]
            self._answer(200 if fine else 401, json.dumps({"token": scope}).encode())
        elif match := re.fullmatch(r"/v2/.+/manifests/(.+)", split.path):
            found = state.manifests.get(match[1])
            self._error(404, "MANIFEST_UNKNOWN") if found is None else self._answer(200, found)
        elif match := re.fullmatch(r"/v2/.+/blobs/(sha256:.+)", split.path):
            self._blob(state.blobs.get(match[1]))
        else:
            self._error(404, "NAME_UNKNOWN")

    def _blob(self, content: bytes | None) -> None:
        if content is None:
            self._error(404, "BLOB_UNKNOWN")
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and self.state.ranges else 0
        body, status = content[start:], 206 if start else 200
        if self.command == "HEAD" or not self.state.cut_after:
            self._answer(status, body, Content_Length=str(len(body)))
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.state.cut_after.pop(0)])
        self.wfile.flush()
        self.close_connection = True

    def do_POST(self) -> None:
        self.state.asked.append((self.command, self.path, ""))
        if not self._turned_away():
            self._answer(202, Location=f"{self.path}{uuid.uuid4()}?state=1")

    def do_PUT(self) -> None:
        split = urlsplit(self.path)
        self.state.asked.append((self.command, split.path, ""))
        if self._turned_away():
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if "/manifests/" in split.path:
            missing = [b for b in _listed(body) if b not in self.state.blobs]
            if missing:
                self._error(400, "MANIFEST_BLOB_UNKNOWN")
                return
            self.state.manifests[split.path.rpartition("/")[2]] = self.state.manifests[digest] = body
        elif parse_qs(split.query)["digest"] != [digest]:
            self._error(400, "DIGEST_INVALID")
            return
        else:
            self.state.blobs[digest] = body
        self._answer(201, Docker_Content_Digest=digest)


def _listed(manifest: bytes) -> list[str]:
    read = json.loads(manifest)
    return [read["config"]["digest"], *(layer["digest"] for layer in read["layers"])]
