"""Deployment, catalogue and files -> every problem at once.

Shape errors come from the Spec; what is said here needs more than one value to see: a tier that does not exist, a model
whose file says something else, an image nobody has locked.
"""

from aiinfra.check.checks import check

__all__ = ["check"]
