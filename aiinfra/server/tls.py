"""TLS 1.3 with client certificates on both transports, and files that are read again when they change.

A new certificate, key or authority is used by the next handshake; connections that stand go on. Session tickets are
off, so that no resumption outlives an authority that was taken away.
"""

import os
import ssl
from pathlib import Path
from typing import Any

from aiinfra.errors import BadInput
from aiinfra.server.config import Tls

_NO_TLS_1_2 = "ECDHE-PSK-AES128-CBC-SHA"
"""gRPC has no setting for the least version. This TLS 1.2 suite needs a pre-shared key that nobody has: 1.3 remains."""


class Material:
    """The certificate files of a configuration, and what is made of them."""

    def __init__(self, settings: Tls) -> None:
        self.settings = settings
        self._files = [Path(name) for name in (settings.certificate, settings.key, settings.client_ca) if name]
        self._mark = self._marks()
        self._inner = self._make()
        self._grpc = self._make_grpc()
        self._generation = 0
        self.context = self._make()
        """For listeners: hands every handshake the newest files."""
        self.context.sni_callback = self._newest

    def _newest(self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        handshake.context = self._inner

    def _marks(self) -> list[tuple[int, int]]:
        marks = []
        for file in self._files:
            try:
                status = file.stat()
            except OSError:
                marks.append((0, 0))
            else:
                marks.append((status.st_mtime_ns, status.st_ino))
        return marks

    def reload(self) -> bool:
        """Read the files again where they changed; returns whether they did.

        Raises:
            BadInput: ``tls-files``: they cannot be used; the ones before stay in use.
        """
        mark = self._marks()
        if mark == self._mark:
            return False
        self._mark = mark
        inner, grpc = self._make(), self._make_grpc()
        self._inner, self._grpc = inner, grpc
        self._generation += 1
        return True

    def _make(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.settings.certificate, self.settings.key, password=_no_password)
            if self.settings.client_ca:
                context.load_verify_locations(self.settings.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ValueError) as error:
            raise BadInput(
                "tls-files",
                f"the files of [tls] cannot be used: {type(error).__name__} ({', '.join(map(str, self._files))})",
                "name PEM files that the server may read: certificate chain, its key without a password, authorities",
            ) from None
        return context

    def _make_grpc(self) -> tuple[bytes, bytes, bytes | None]:
        try:
            authorities = Path(self.settings.client_ca).read_bytes() if self.settings.client_ca else None
            return Path(self.settings.key).read_bytes(), Path(self.settings.certificate).read_bytes(), authorities
        except OSError:
            raise BadInput("tls-files", "a file of [tls] cannot be read", "let the server read it") from None

    def grpc_credentials(self) -> Any:
        """Server credentials for grpc.aio that follow :meth:`reload`."""
        os.environ["GRPC_SSL_CIPHER_SUITES"] = _NO_TLS_1_2
        import grpc  # noqa: PLC0415 - reads that variable when it starts

        def configuration() -> Any:
            key, chain, authorities = self._grpc
            return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=authorities)

        given = self._generation

        def newer() -> Any:
            nonlocal given
            if given == self._generation:
                return None
            given = self._generation
            return configuration()

        return grpc.dynamic_ssl_server_credentials(
            configuration(), newer, require_client_authentication=bool(self.settings.client_ca)
        )


def _no_password() -> str:
    """An encrypted key must not stop the server at a prompt."""
    raise ValueError("the key has a password")
