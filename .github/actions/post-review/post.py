"""Posts a review to a pull request, over the comment that an earlier run left. Python's own library alone.

``post.py github FILE NUMBER`` or ``post.py gitlab FILE NUMBER``. The token is in ``TOKEN``; the rest is what both hosts
set in their jobs. The file is somebody else's text: it is neither run nor looked into beyond its first line.
"""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LONGEST = {"github": 65_000, "gitlab": 900_000}
MARKER = re.compile(r"<!-- aiinfra-review [^\n]{1,300} -->")


class Host:
    """One host's comments of one pull request."""

    def __init__(self, name: str, number: int) -> None:
        if name == "github":
            root = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
            self._list, self._one = f"{root}/{number}/comments", f"{root}/comments"
            self._headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept": "application/vnd.github+json"}
            self._edit = "PATCH"
        else:
            root = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/merge_requests/{number}/notes"
            self._list = self._one = root
            self._headers = {"PRIVATE-TOKEN": os.environ["TOKEN"]}
            self._edit = "PUT"

    def comments(self) -> Iterator[dict[str, Any]]:
        """All comments, page by page."""
        page = 1
        while found := self._call("GET", f"{self._list}?per_page=100&page={page}"):
            yield from found
            page += 1

    def post(self, text: str, marker: str) -> str:
        """Write the comment; over an earlier one of the same marker where there is one that we may edit."""
        for comment in self.comments():
            if str(comment["body"]).startswith(marker) and self._ours(comment):
                self._call(self._edit, f"{self._one}/{comment['id']}", text)
                return "updated"
        self._call("POST", self._list, text)
        return "posted"

    def _ours(self, comment: dict[str, Any]) -> bool:
        """On GitHub anybody can write our marker; only a bot's comment is written over."""
        user = comment.get("user")
        return user is None or user.get("type") == "Bot"

    def _call(self, method: str, address: str, text: str | None = None) -> Any:
        data = json.dumps({"body": text}).encode() if text is not None else None
        headers = {**self._headers, "Content-Type": "application/json"}
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 - the host's own variable
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return json.loads(answer.read() or b"null")


def main(name: str, file: str, number: str) -> int:
    """Post; 1 where the file is no review."""
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    marker = MARKER.match(text)
    if marker is None or len(text) > LONGEST[name] or not number.isdigit():
        sys.stderr.write(f"{file} is no review of aiinfra's, or too long, or {number!r} is no number\n")
        return 1
    sys.stdout.write(f"{Host(name, int(number)).post(text, marker[0])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
