"""aiinfra's components for Pulumi programs in YAML, TypeScript, Go, .NET and Java.

`pulumi package add <this folder>` writes a local SDK for the program's language.
"""

from aiinfra.components.hosted import serve

if __name__ == "__main__":
    serve()
