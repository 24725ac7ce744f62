"""aiinfra's components for Pulumi programs in YAML, TypeScript, Go, .NET and Java.

`pulumi package add <this folder>` writes a local SDK for the program's language.
"""

from pulumi.provider.experimental import component_provider_host

from aiinfra import __version__
from aiinfra.components.hosted import COMPONENTS
from aiinfra.tokens import PACKAGE

if __name__ == "__main__":
    component_provider_host(components=list(COMPONENTS), name=PACKAGE, version=__version__)
