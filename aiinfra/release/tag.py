"""Tags that follow a class file: each wave's tag names the artifact that the wave is meant to serve.

For sites that ask a registry for a tag (boxes) rather than read the class file. A site takes nothing that is not
signed, so a tag is a pointer and no more.
"""

from pathlib import Path

from aiinfra.errors import BadInput
from aiinfra.release.layout import Layout
from aiinfra.release.place import Kind, parse_place
from aiinfra.release.store import Source, Target
from aiinfra.release.transfer import resolve
from aiinfra.spec.class_file import ClassFile, wave_tag


def tag_waves(
    told: ClassFile, class_name: str, *, plain_http: bool = False, ca: Path | None = None
) -> list[tuple[str, str]]:
    """Let ``CLASS-wave-N`` name each wave's artifact; (tag, version) of every wave.

    Nothing is tagged unless every artifact is there.

    Raises:
        BadInput: ``place-invalid``; ``tags-need-registry``: releases are in a plain folder.
        AiinfraError: ``artifact-missing``, ``artifact-differs``, and the link's own errors.
    """
    places = {number: parse_place(f"{told.uri}@{wave.digest}") for number, wave in told.waves.items()}
    if any(place.kind is Kind.FOLDER for place in places.values()):
        raise BadInput(
            "tags-need-registry", f"{told.uri} is a plain folder, which has no tags", "sites there read the class file"
        )

    def opened(number: int) -> tuple[Source, Target]:
        place = places[number]
        if place.kind is Kind.LAYOUT:
            layout = Layout(place)
            return layout, layout
        from aiinfra.release.registry import Registry  # noqa: PLC0415 - requests, half a second

        registry = Registry(place, plain_http=plain_http, ca=ca)
        return registry, registry

    found = []
    for number in told.waves:
        source, target = opened(number)
        found.append((number, target, resolve(source, places[number])))
    for number, target, artifact in found:
        target.finish(artifact, wave_tag(class_name, number))
    return [(wave_tag(class_name, number), told.waves[number].version) for number, _, _ in found]
