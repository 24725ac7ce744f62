"""The Deployment, by value."""

from typing import Any

import pytest

from aiinfra.components.kubernetes import runtime_objects
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec

BESIDE = {"maxSurge": 1, "maxUnavailable": 0}
IN_TURN = {"maxSurge": 0, "maxUnavailable": 1}


def spec(accelerator: str, on: str, **runtime: Any) -> InferenceRuntimeSpec:
    values = {
        "namespace": "line",
        "model_name": "weld",
        "model": {"file": "weld.onnx"},
        "tier": {"accelerator": accelerator},
        "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
        "runtime": {"on": on, **runtime},
    }
    return InferenceRuntimeSpec.model_validate(values)


@pytest.mark.parametrize(
    ("accelerator", "on", "expected"),
    [
        ("cpu-x86-64", "k3s", BESIDE),
        ("jetson-orin-nano-super", "k3s", IN_TURN),
        ("l4", "k3s", IN_TURN),
        ("l4", "hybrid", IN_TURN),
        ("l4", "eks", BESIDE),
    ],
)
def test_where_devices_are_what_they_are_the_old_pod_goes_first(
    accelerator: str, on: str, expected: dict[str, int]
) -> None:
    found = runtime_objects.deployment(spec(accelerator, on))
    assert found["strategy"] == {"type": "RollingUpdate", "rollingUpdate": expected}
