"""``python -m aiinfra``."""

from aiinfra.cli import main

main()
