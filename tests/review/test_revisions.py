"""Real programs in real repositories, run in processes of their own: as few as it takes, each costs a second."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.review.revisions import review_revisions
from aiinfra.review.versions import Compared
from tests.review.test_masking import CANARY
from tests.review.test_repository import git

PROGRAM = """
import pulumi
class Bucket(pulumi.CustomResource):
    def __init__(self, name, **props):
        super().__init__("aws:s3/bucket:Bucket", name, props, None)
here = __file__
data = Bucket("data", bucket="{name}", password=pulumi.Output.secret("{secret}"), at=here)
"""


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "repository"
    (root / "infra").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "infra" / "Pulumi.yaml").write_text("name: infra\nruntime: python\n")
    (root / "infra" / "__main__.py").write_text(PROGRAM.format(name="one", secret=CANARY))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    return root


def test_the_work_tree_against_its_base(folder):
    (folder / "infra" / "__main__.py").write_text(PROGRAM.format(name="two", secret=f"{CANARY}2"))
    (document,) = review_revisions(Compared(folder / "infra"))
    assert document.verdict.startswith("data (S3 bucket) is replaced")
    assert document.compared.startswith("Compares the work tree with ")
    (detail,) = document.details
    assert [line.text for line in detail.lines] == ["bucket: one", "bucket: two", "password: [secret] changed"]
    assert CANARY not in str(document.as_json())
    assert str(folder) not in str(document.as_json())


def test_a_program_that_one_version_lacks(folder):
    git(folder, "mv", "infra", "platform")
    (created,) = review_revisions(Compared(folder / "platform"))
    assert created.counts == {"created": 1}
    (destroyed,) = review_revisions(Compared(folder / "infra"))
    assert destroyed.counts == {"destroyed": 1}
    with pytest.raises(BadInput, match="is in neither version") as caught:
        review_revisions(Compared(folder / "nowhere"))
    assert caught.value.code == "program-missing"


def test_a_program_that_fails_says_in_which_version(folder):
    (folder / "infra" / "__main__.py").write_text(f"raise RuntimeError('no such zone: token={CANARY}')\n")
    git(folder, "commit", "-qam", "two")
    with pytest.raises(AiinfraError) as caught:
        review_revisions(Compared(folder / "infra", base="HEAD~1", head="HEAD"))
    assert caught.value.code == "program-failed"
    assert caught.value.message.startswith("in ")
    assert "(HEAD): " in caught.value.message
    assert "no such zone" in caught.value.message
    assert CANARY not in caught.value.message


def test_a_stop_leaves_nothing_behind(folder, tmp_path):
    (folder / "infra" / "__main__.py").write_text("import time\ntime.sleep(60)\n")
    git(folder, "commit", "-qam", "two")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "aiinfra", "review", str(folder / "infra"), "--base", "HEAD"]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": root}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while not list(scratch.glob("aiinfra-review-*/tree/infra")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        written = running.communicate(timeout=60)[1]
    assert running.returncode == 130, written
    assert written.strip() == b"stopped"
    assert list(scratch.iterdir()) == []
    assert git(folder, "status", "--porcelain") == ""


def test_what_a_cloud_would_answer_is_made_up_and_said(folder):
    main = folder / "infra" / "__main__.py"
    main.write_text(
        "import pulumi\nimport pulumi_aws as aws\n"
        "image = aws.ec2.get_ami(owners=[pulumi.Config().require('owner')])\n"
        "aws.ec2.Instance('web', ami=image.id, instance_type='t3.micro')\n"
    )
    git(folder, "commit", "-qam", "functions")
    main.write_text(main.read_text().replace("t3.micro", "t3.small"))
    compared = Compared(folder / "infra", base="HEAD", assume_config=True)
    (found,) = review_revisions(compared)
    assert found.counts == {"may be replaced": 1}
    assert [note for note in found.notes if "stand-in" in note] == [
        "1 provider function was answered with a stand-in: getAmi. Only a cloud knows the real answers.",
        "1 configuration key is not set, and got a stand-in: infra:owner.",
    ]
    with pytest.raises(BadInput) as caught:
        review_revisions(replace(compared, assume_config=False))
    assert caught.value.code == "config-missing"
