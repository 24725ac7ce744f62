"""A registry as a place for releases, over the OCI distribution API.

Names, credentials (Docker's own configuration and credential helpers, tokens, ECR) are the ``oras`` library's. The
transfers are made here with the HTTP client it brings (``requests``): the library reads a whole file into memory to
send it, fetches without checking digests or going on where it stopped, and tries a refused connection for two minutes.
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import oras.auth
import oras.container
import oras.logger
import requests
import urllib3

from aiinfra.errors import AiinfraError
from aiinfra.release.artifact import LARGEST_MANIFEST, MANIFEST_TYPE, Artifact, Descriptor
from aiinfra.release.disk import CHUNK
from aiinfra.release.place import Place
from aiinfra.release.store import LinkLost

_TIMEOUT: Final = (10.0, 60.0)
"""Seconds for a connection, and between two pieces of an answer."""


class Registry:
    """One repository of a registry."""

    def __init__(self, place: Place, *, plain_http: bool = False, ca: Path | None = None) -> None:
        self._place = place
        self._base = f"{'http' if plain_http else 'https'}://{place.host}/v2/{place.name}"
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "aiinfra"
        self._session.verify = str(ca) if ca is not None else True
        oras.logger.setup_logger(quiet=True)
        oras.logger.logger.set_level(60)
        self._container = oras.container.Container(f"{place.host}/{place.name}")
        ecr = re.fullmatch(r"\d{12}\.dkr\.ecr\.[^.]+\.amazonaws\.com(\.cn)?", place.host)
        self._auth = self._backend("ecr" if ecr else "token")
        self._header: dict[str, str] = {}

    def _backend(self, name: str) -> Any:
        backend = oras.auth.get_auth_backend(
            name, self._session, self._base.startswith("http:"), tls_verify=self._session.verify
        )
        backend.load_configs(self._container, _configs())
        return backend

    def manifest(self) -> bytes:
        """The manifest that the place's digest or tag names."""
        named = self._place.digest or self._place.tag
        if not named:
            raise AiinfraError(
                "artifact-missing", f"{self._place.text} names no tag", f"write {self._place.text}:TAG, or @sha256:..."
            )
        with closing(self._ask("GET", f"{self._base}/manifests/{named}", {"Accept": MANIFEST_TYPE})) as answer:
            self._expect(answer, 200)
            try:
                return answer.raw.read(LARGEST_MANIFEST + 1, decode_content=True)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise self._lost(error) from None

    def read(self, blob: Descriptor, offset: int) -> Iterator[bytes]:
        """A blob's bytes from ``offset``; a registry that knows no ranges sends all of it, and the rest is dropped."""
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={offset}-"} if offset else {})}
        with closing(self._ask("GET", f"{self._base}/blobs/{blob.digest}", headers)) as answer:
            if answer.status_code == 416:
                return
            self._expect(answer, 200, 206)
            skip = offset if answer.status_code == 200 else 0
            while piece := self._piece(answer):
                if skip >= len(piece):
                    skip -= len(piece)
                    continue
                yield piece[skip:]
                skip = 0

    def _piece(self, answer: requests.Response) -> bytes:
        """What has arrived: what came before a link broke is kept, however little it is."""
        try:
            piece: bytes = answer.raw.read1(CHUNK, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._lost(error) from None
        return piece

    def has(self, blob: Descriptor) -> bool:
        """Whether the repository holds the blob."""
        with closing(self._ask("HEAD", f"{self._base}/blobs/{blob.digest}")) as answer:
            if answer.status_code == 404:
                return False
            self._expect(answer, 200)
            return True

    def write(self, blob: Descriptor, content: Path | bytes) -> None:
        """Upload one blob in one piece."""
        with closing(self._ask("POST", f"{self._base}/blobs/uploads/", {"Content-Length": "0"})) as begun:
            self._expect(begun, 202)
            location = begun.headers.get("Location")
        if not location:
            raise AiinfraError("registry-failed", f"{self._place.host} does not say where to upload to", "see its log")
        where = urljoin(f"{self._base}/", location)
        url = f"{where}{'&' if urlsplit(where).query else '?'}digest={blob.digest}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(blob.size)}
        with closing(self._ask("PUT", url, headers, content)) as answer:
            self._expect(answer, 201)

    def finish(self, artifact: Artifact, tag: str) -> None:
        """Put the manifest under its tag."""
        headers = {"Content-Type": MANIFEST_TYPE}
        with closing(self._ask("PUT", f"{self._base}/manifests/{tag}", headers, artifact.manifest)) as answer:
            self._expect(answer, 201)
            stored = answer.headers.get("Docker-Content-Digest", artifact.digest)
        if stored != artifact.digest:
            raise AiinfraError(
                "registry-failed", f"{self._place.host} stored the manifest as {stored}, it is {artifact.digest}", ""
            )

    def _ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, content: Path | bytes | None = None
    ) -> requests.Response:
        """One request; answered with what the registry asks for where it wants to know who asks."""
        own = urlsplit(url).netloc == self._place.host  # an upload may be sent elsewhere, credentials may not

        def send() -> requests.Response:
            return self._send(method, url, {**(headers or {}), **(self._header if own else {})}, content)

        answer = send()
        for refresh in (False, True):
            if answer.status_code not in (401, 403) or not own:
                return answer
            if not self._authenticate(answer, refresh=refresh or bool(self._header)):
                return answer
            answer.close()
            answer = send()
        return answer

    def _authenticate(self, answer: requests.Response, *, refresh: bool) -> bool:
        challenge = answer.headers.get("Www-Authenticate", "")
        try:
            if challenge.lower().startswith("basic") and not isinstance(self._auth, oras.auth.EcrAuth):
                basic = self._backend("basic")
                if not getattr(basic, "_basic_auth", None) or self._header:
                    return False
                self._header = basic.get_auth_header()
                return True
            found, changed = self._auth.authenticate_request(answer, {}, refresh=refresh)
        except requests.RequestException as error:
            raise self._lost(error) from None
        except ImportError:
            raise AiinfraError(
                "extra-missing",
                "Amazon ECR's credentials need boto3, which is not installed",
                "pip install 'aiinfra[aws]'",
            ) from None
        if changed and found.get("Authorization"):
            self._header = {"Authorization": found["Authorization"]}
        return bool(changed)

    def _send(self, method: str, url: str, headers: dict[str, str], content: Path | bytes | None) -> requests.Response:
        # Named at each request: REQUESTS_CA_BUNDLE in the environment would go before the session's own.
        asked = {"headers": headers, "stream": True, "verify": self._session.verify}
        try:
            if isinstance(content, Path):
                with content.open("rb") as stream:
                    return self._session.request(method, url, data=stream, timeout=(10.0, 300.0), **asked)
            return self._session.request(method, url, data=content, timeout=_TIMEOUT, **asked)
        except requests.exceptions.SSLError as error:
            raise AiinfraError(
                "registry-untrusted",
                f"{self._place.host}'s certificate is not trusted: {_reason(error)}",
                "name its authority with --ca FILE; --plain-http is for a registry without TLS",
            ) from None
        except requests.RequestException as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> LinkLost:
        return LinkLost(
            "link-lost",
            f"the link to {self._place.host} broke: {_reason(error)}",
            "check the network and run it again: it goes on where it stopped",
        )

    def _expect(self, answer: requests.Response, *codes: int) -> None:
        status = answer.status_code
        if status in codes:
            return
        host, what = self._place.host, _told(answer)
        if status in (401, 403):
            raise AiinfraError(
                "registry-denied", f"{host} refuses {self._place.name}: {what}", f"log in: docker login {host}"
            )
        if status == 404:
            raise AiinfraError(
                "artifact-missing", f"{host} has no {self._place.text}: {what}", "check the name and the tag"
            )
        if status >= 500 or status == 429:
            raise LinkLost("link-lost", f"{host} answers {status}: {what}", "try again later")
        raise AiinfraError("registry-failed", f"{host} answers {status}: {what}", "see the registry's own log")


def _configs() -> list[str]:
    """Docker's configuration where ``DOCKER_CONFIG`` puts it; the library itself looks below the home folder alone."""
    named = os.environ.get("DOCKER_CONFIG")
    file = Path(named) / "config.json" if named else None
    return [str(file)] if file is not None and file.is_file() else []


def _told(answer: requests.Response) -> str:
    """The registry's own words, one line of them."""
    try:
        first = answer.json()["errors"][0]
        text = f"{first.get('code', '')} {first.get('message', '')}".strip()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, requests.RequestException):
        text = answer.reason or ""
    return text.replace("\n", " ")[:200] or "no reason given"


def _reason(error: Exception) -> str:
    """The innermost cause in words; requests wraps urllib3, which wraps the system's."""
    inner: Any = error
    for _ in range(8):
        args = getattr(inner, "args", ())
        inner_next = getattr(inner, "reason", None) or next((a for a in args if isinstance(a, Exception)), None)
        if not isinstance(inner_next, Exception):
            break
        inner = inner_next
    text = str(inner).splitlines()[0] if str(inner) else type(inner).__name__
    return re.sub(r"^<[^>]*>: |^\w+\(.*?\): ", "", text)[:200]
