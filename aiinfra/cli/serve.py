"""``aiinfra serve``: the reference inference server. Its command stands in the server."""

from aiinfra.server.command import command

__all__ = ["command"]
