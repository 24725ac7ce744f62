"""What ships to run a review on a pull request: the actions, the hook, and the script that posts."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
ACTIONS = ROOT / ".github" / "actions"
POST = ACTIONS / "post-review" / "post.py"
REVIEW = "<!-- aiinfra-review shop, stack production -->\n### verdict\n"


class Host(BaseHTTPRequestHandler):
    """Comments of one pull request, as either host keeps them."""

    comments: ClassVar[list[dict]] = []
    calls: ClassVar[list[tuple[str, str, dict]]] = []

    def do_GET(self):
        first = self.path.endswith("&page=1")
        self._answer(self.comments if first else [])

    def do_POST(self):
        self._write()

    def do_PATCH(self):
        self._write()

    def do_PUT(self):
        self._write()

    def _write(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append((self.command, self.path, body))
        self._answer({"id": 1})

    def _answer(self, data):
        text = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    Host.comments, Host.calls = [], []
    with HTTPServer(("127.0.0.1", 0), Host) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def post(host, name, file, number="7"):
    places = {"GITHUB_API_URL": host, "GITHUB_REPOSITORY": "acme/shop", "CI_API_V4_URL": host, "CI_PROJECT_ID": "3"}
    return subprocess.run(
        [sys.executable, str(POST), name, str(file), number],
        env={**os.environ, **places, "TOKEN": "t", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "first", "later"),
    [
        ("github", ("POST", "/repos/acme/shop/issues/7/comments"), ("PATCH", "/repos/acme/shop/issues/comments/5")),
        ("gitlab", ("POST", "/projects/3/merge_requests/7/notes"), ("PUT", "/projects/3/merge_requests/7/notes/5")),
    ],
)
def test_one_comment_a_stack_is_kept_up_to_date(host, tmp_path, name, first, later):
    file = tmp_path / "review.md"
    file.write_text(REVIEW)
    Host.comments = [{"id": 4, "body": "hello"}, {"id": 6, "body": "<!-- aiinfra-review other -->"}]
    assert post(host, name, file).stdout == "posted\n"
    Host.comments = [
        *Host.comments,
        {"id": 5, "body": f"{REVIEW}old", **({"user": {"type": "Bot"}} if name == "github" else {})},
    ]
    assert post(host, name, file).stdout == "updated\n"
    assert Host.calls == [(*first, {"body": REVIEW}), (*later, {"body": REVIEW})]


def test_a_persons_comment_with_our_marker_is_left_alone(host, tmp_path):
    file = tmp_path / "review.md"
    file.write_text(REVIEW)
    Host.comments = [{"id": 5, "body": REVIEW, "user": {"type": "User"}}]
    assert post(host, "github", file).stdout == "posted\n"


@pytest.mark.parametrize(("text", "number"), [("hello", "7"), (REVIEW + "x" * 70_000, "7"), (REVIEW, "7/../8")])
def test_what_is_no_review_is_not_posted(host, tmp_path, text, number):
    file = tmp_path / "review.md"
    file.write_text(text)
    done = post(host, "github", file, number)
    assert (done.returncode, Host.calls) == (1, [])


@pytest.mark.parametrize("name", ["review", "post-review"])
def test_no_input_is_pasted_into_a_script(name):
    action = yaml.safe_load((ACTIONS / name / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        done = subprocess.run(["bash", "-n", "-c", step["run"]], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_hook_is_one_that_pre_commit_reads():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["entry"], hook["pass_filenames"]) == ("aiinfra-review", "aiinfra review", False)
