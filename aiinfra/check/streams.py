"""Whether what sensors say can become a request of the model's, and who overhears it."""

from collections.abc import Iterator
from math import prod
from urllib.parse import urlsplit

from aiinfra.errors import did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.site import Site
from aiinfra.spec.streams import OPEN, Stream, StreamKind


def streams_fit(declaration: Declaration) -> Iterator[Finding]:
    """Each stream fills an input of the model, its reader has a certificate, and what is in the clear is said."""
    for index, site in enumerate(declaration.deployment.sites):
        if site.streams and site.runtime.issuer is None:
            yield Finding(
                "stream-needs-issuer",
                Severity.ERROR,
                f"{site.class_name}: who reads the streams asks with a certificate, and nobody signs one",
                f"sites[{index}].runtime.issuer",
                remedy="name the site's cert-manager issuer, like issuer: {name: site-ca}",
            )
        for number, stream in enumerate(site.streams):
            place = f"sites[{index}].streams[{number}]"
            yield from _clear(site, stream, place)
            if stream.kind is not StreamKind.CAMERA:
                yield from _fills(declaration, stream, place)


def _clear(site: Site, stream: Stream, place: str) -> Iterator[Finding]:
    spoken = [("address", stream.address), *([("answers.broker", stream.answers.broker)] if stream.answers else [])]
    for key, address in spoken:
        if urlsplit(address).scheme in OPEN:
            yield Finding(
                "stream-in-the-clear",
                Severity.WARNING,
                f"{site.class_name}: {stream.name} speaks to {address} without encryption",
                f"{place}.{key}",
                remedy=f"use {urlsplit(address).scheme}s:// where the other side can",
            )


def _fills(declaration: Declaration, stream: Stream, place: str) -> Iterator[Finding]:
    inputs = declaration.deployment.model.inputs
    names = tuple(item.name for item in inputs)
    if not inputs:
        return  # told already: the model is not pinned
    if len(inputs) > 1 or (stream.into and stream.into not in names):
        more = "; the bridge fills one input, so a model with several needs a gateway of your own"
        yield Finding(
            "stream-input",
            Severity.ERROR,
            f"{stream.name} cannot fill {stream.into or 'the input'}{did_you_mean(stream.into, names)}"
            f"{more if len(inputs) > 1 else ''}",
            f"{place}.into",
            remedy=f"the model's inputs: {', '.join(names)}",
        )
        return
    row = inputs[0].shape[1:]
    if -1 not in row and stream.each > 1 and prod(row) != stream.each:
        yield Finding(
            "stream-input",
            Severity.ERROR,
            f"{stream.name}: {stream.each} readings do not fill {names[0]}, which takes {prod(row)}",
            f"{place}.each",
            remedy=f"each: {prod(row)}, or 1 where a message holds the whole row",
        )
