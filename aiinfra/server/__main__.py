"""``python -m aiinfra.server``: the same as ``aiinfra serve``."""

import sys

from aiinfra.errors import AiinfraError
from aiinfra.server.command import command


def main() -> int:
    """Run the command; a user's mistake is one paragraph on standard error and an exit code."""
    try:
        command.main(standalone_mode=True)
    except AiinfraError as error:
        sys.stderr.write(error.render() + "\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
