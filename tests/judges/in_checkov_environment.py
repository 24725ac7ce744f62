"""Run by checkov's own Python: its verdict on several Terraform plans, one after the other, as JSON.

Usage: ``in_checkov_environment.py FILE...``. One process, since importing checkov takes longer than judging does.
"""

import json
import os
import sys

os.environ["LOG_LEVEL"] = "ERROR"

from checkov.runner_filter import RunnerFilter
from checkov.terraform.plan_runner import Runner

FRAMEWORK = ["terraform_plan"]


def judge(file: str) -> dict:
    report = Runner().run(root_folder=None, files=[file], runner_filter=RunnerFilter(framework=FRAMEWORK))
    ran = report.passed_checks + report.failed_checks
    return {
        "failed": [[one.check_id, one.resource] for one in report.failed_checks],
        "ran": sorted({one.check_id for one in ran}),
        "unread": report.parsing_errors,
    }


if __name__ == "__main__":
    json.dump([judge(file) for file in sys.argv[1:]], sys.stdout)
