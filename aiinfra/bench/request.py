"""One inference request for any Open Inference Protocol v2 server over HTTP, made from the model's own metadata."""

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.server.datatypes import DATATYPES
from aiinfra.server.tensors import to_bytes


@dataclass(frozen=True, slots=True)
class Site:
    """Where a server is."""

    host: str
    port: int
    tls: ssl.SSLContext | None


def site_of(url: str, context: ssl.SSLContext | None = None) -> Site:
    """The server of ``http(s)://HOST[:PORT]``.

    Raises:
        BadInput: ``url-invalid``.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise _no_address(url)
    secure = parts.scheme == "https"
    tls = (context or ssl.create_default_context()) if secure else None
    return Site(parts.hostname, port or (443 if secure else 80), tls)


def is_grpc(url: str) -> bool:
    """Whether the address is one of gRPC."""
    return url.startswith(("grpc://", "grpcs://"))


def grpc_address(url: str) -> tuple[str, bool]:
    """HOST:PORT of ``grpc(s)://HOST:PORT``, and whether it is over TLS.

    Raises:
        BadInput: ``url-invalid``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None or parts.path not in ("", "/"):
        raise _no_address(url)
    return parts.netloc, parts.scheme == "grpcs"


def _no_address(url: str) -> BadInput:
    return BadInput(
        "url-invalid",
        f"{url!r} is not a server's address",
        "write it like http://127.0.0.1:8080 or grpc://127.0.0.1:9000 (https, grpcs)",
    )


def metadata_of(site: Site, model: str) -> dict[str, Any]:
    """The model's metadata.

    Raises:
        AiinfraError: ``server-unreachable`` or ``model-absent``.
    """
    connection: http.client.HTTPConnection
    if site.tls is not None:
        connection = http.client.HTTPSConnection(site.host, site.port, context=site.tls, timeout=10)
    else:
        connection = http.client.HTTPConnection(site.host, site.port, timeout=10)
    try:
        connection.request("GET", f"/v2/models/{quote(model, safe='')}")
        answer = connection.getresponse()
        raw = answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise AiinfraError(
            "server-unreachable", f"{site.host}:{site.port} does not answer: {error}", "start it, or correct --url"
        ) from None
    finally:
        connection.close()
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if status != 200 or type(document) is not dict or "inputs" not in document:
        raise AiinfraError(
            "model-absent",
            f"{site.host}:{site.port} has no model {model!r} (status {status})",
            "see its repository index",
        )
    return document


def make_inputs(metadata: dict[str, Any], rows: int = 1) -> dict[str, np.ndarray]:
    """Made-up inputs, the same at every run: ``rows`` for a free first dimension, 1 for other free ones."""
    feed = {}
    for port in metadata["inputs"]:
        datatype = DATATYPES[port["datatype"]]
        free = [rows, *[1] * (len(port["shape"]) - 1)]
        shape = [free[at] if int(own) < 0 else int(own) for at, own in enumerate(port["shape"])]
        size = int(np.prod(shape, dtype=np.int64))
        if not datatype.width:
            feed[port["name"]] = np.full(shape, "text", object)
        else:
            random = np.random.default_rng(0).random(size) if datatype.numpy.kind == "f" else np.arange(size) % 2
            feed[port["name"]] = random.astype(datatype.numpy).reshape(shape)
    return feed


def make_request(site: Site, model: str, metadata: dict[str, Any], *, binary: bool, rows: int = 1) -> bytes:
    """The bytes of one HTTP request."""
    feed = make_inputs(metadata, rows)
    kinds = {port["name"]: DATATYPES[port["datatype"]] for port in metadata["inputs"]}
    entries: list[dict[str, Any]] = []
    tail = b""
    for name, array in feed.items():
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": kinds[name].name}
        if binary:
            raw = to_bytes(array, kinds[name])
            entry["parameters"] = {"binary_data_size": len(raw)}
            tail += raw
        else:
            entry["data"] = array.ravel().tolist()
        entries.append(entry)
    document: dict[str, Any] = {"inputs": entries}
    if binary:
        document["outputs"] = [
            {"name": port["name"], "parameters": {"binary_data": True}} for port in metadata["outputs"]
        ]
    text = json.dumps(document).encode()
    extra = f"Inference-Header-Content-Length: {len(text)}\r\n" if binary else ""
    kind = "application/octet-stream" if binary else "application/json"
    head = (
        f"POST /v2/models/{quote(model, safe='')}/infer HTTP/1.1\r\nHost: {site.host}:{site.port}\r\n"
        f"Content-Type: {kind}\r\n{extra}Content-Length: {len(text) + len(tail)}\r\n\r\n"
    )
    return head.encode() + text + tail
