"""Small declarations, models and catalogues for tests of the estimate."""

from datetime import date
from typing import Any

from aiinfra.catalogue.catalogue import Catalogue, shipped
from aiinfra.catalogue.measurement import Measurement
from aiinfra.model.facts import ModelFacts
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import parse

DAY = date(2026, 11, 21)
DIGEST = "sha256:" + "a" * 64


def deployment(*sites: dict[str, Any], **changes: Any) -> Deployment:
    plain: dict[str, Any] = {
        "name": "line",
        "tags": {"owner": "maintenance", "cost_center": "4711", "data_class": "internal"},
        "cloud": {"region": "us-east-1", "account": "111122223333", "zones": ["use1-az1", "use1-az2"]},
        "model": {"file": "m.onnx", "digest": DIGEST},
        "network": {"cidr": "10.20.0.0/16"},
        "sites": list(sites) or [site()],
    }
    return parse(plain | changes)


def site(accelerator: str = "jetson-orin-nano-super", on: str = "box", **changes: Any) -> dict[str, Any]:
    tier = {"accelerator": accelerator, **changes.pop("tier", {})}
    return {"class": "line", "tier": tier, "runtime": {"on": on, **changes.pop("runtime", {})}, **changes}


def facts(flops: int = 8_200_000_000, parameters: int = 25_000_000, *, counted: bool = True) -> ModelFacts:
    """A convolution net of that much work."""
    profile = [{"op": "Conv", "dtype": "FP32", "count": 53, "macs": flops // 2, "flops": flops, "bytes": 10**8}]
    return ModelFacts.model_validate(
        {
            "file": "m.onnx",
            "digest": DIGEST,
            "size": parameters * 4,
            "ir_version": 8,
            "producer": "",
            "opsets": {"ai.onnx": 17},
            "inputs": [],
            "outputs": [],
            "operators": {"Conv": 53},
            "parameters": parameters,
            "parameter_bytes": parameters * 4,
            "unknown_domains": [],
            "unknown_operators": [],
            "control_flow": [],
            "work": {
                "batch": 1,
                "inputs": {},
                "macs": flops // 2 if counted else None,
                "flops": flops if counted else None,
                "counted_macs": flops // 2,
                "counted_flops": flops,
                "bytes": 10**8,
                "peak_activation_bytes": 10**7,
                "profile": profile,
            },
        }
    )


def catalogue(*measurements: Measurement, **work: Any) -> Catalogue:
    return shipped().with_model("m.onnx", facts(**work)).with_measurements(*measurements)


def measurement(**changes: Any) -> Measurement:
    plain = {
        "model": DIGEST,
        "tier": "jetson-orin-nano-super",
        "power_mode": "25W",
        "runtime": "onnxruntime 1.26.0",
        "execution_provider": "TensorrtExecutionProvider",
        "dtype": "fp32",
        "rate": 200.0,
        "p50": 0.006,
        "p99": 0.008,
        "watts": 19.0,
        "watts_how": "jetson-rails: the module",
        "runs": 1000,
        "host": "lab-1",
        "taken": "2026-11-01",
    }
    return Measurement.model_validate(plain | changes)
