"""A deployment together with the file it was read from: what is relative to that file is resolved here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiinfra.spec.class_file import ClassFile
from aiinfra.spec.deployment import MAIN_STACK, Deployment
from aiinfra.spec.site import Row, Site


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one stack of a declaration says, and where its files are."""

    deployment: Deployment
    """As the stack sees it."""
    file: Path
    """The file it was read from."""
    stack: str
    """The stack."""
    whole: Deployment
    """As it was written, environments included."""
    stacks: tuple[str, ...]
    """All stacks of the file."""
    rows: Mapping[str, tuple[Row, ...]]
    """Class -> its sites, read from CSV where the class names a file."""

    images: Mapping[str, str]
    """Image name -> reference by digest, from ``images.lock``; empty where there is none."""
    architectures: Mapping[str, tuple[str, ...]]
    """Image name -> what it runs on, as ``images.lock`` says; empty: it does not say."""
    classes: Mapping[str, ClassFile]
    """Class -> its class file, for classes that have one: what its waves are meant to serve."""
    signer: str
    """PEM text of the public key that releases are signed with; empty where none is named."""
    authority: str
    """PEM text of the authority that signs certificates of machines that join; empty where none is named."""

    @property
    def every_site(self) -> tuple[Site, ...]:
        """The classes of all stacks: what any of them may need beside the declaration."""
        return tuple(site for stack in self.whole.stacks for site in self.whole.for_stack(stack).sites)

    @property
    def prefix(self) -> str:
        """Prefix of every resource of this stack: the name, and the stack where it is not the main one."""
        name = self.deployment.name
        return name if self.stack == MAIN_STACK else f"{name}-{self.stack}"

    @property
    def folder(self) -> Path:
        """Where the declaration's relative paths start."""
        return self.file.parent

    @property
    def model_file(self) -> Path:
        """The ONNX file."""
        return self.folder / self.deployment.model.file

    @property
    def golden_dir(self) -> Path | None:
        """The folder of golden inputs and outputs, where one is named."""
        golden = self.deployment.model.golden
        return self.folder / golden if golden else None
