"""The preflight's program: it runs in the image of training jobs under ``torchrun``, and knows nothing of this package.

Every worker adds up the same large tensor with all others. The answer must be right, and fast enough where a figure is
asked for: bandwidth is counted as NVIDIA's nccl-tests do ("bus bandwidth" of an all-reduce, doc/PERFORMANCE.md).

Environment: ``KIND`` (``nvidia`` or ``neuron``), ``ACCELERATORS`` and ``WORKERS`` (how many of each a machine has),
``AT_LEAST`` (GB/s of bus bandwidth; 0: not asked).
"""

import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

SIZE = 1 << 30
"""Bytes of the tensor."""
ROUNDS = 20


def bus_bandwidth(size: int, seconds: float, ranks: int) -> float:
    """GB/s that each link carries: an all-reduce sends 2 (n - 1) / n of the data over it."""
    return size / seconds * 2 * (ranks - 1) / ranks / 1e9 if ranks > 1 else 0.0


def verdict(ranks: int, wanted: int, wrong: int, bandwidth: float, at_least: float) -> str:
    """What is not as it should be; empty: nothing."""
    if ranks != wanted:
        return f"{ranks} workers take part, {wanted} were declared"
    if wrong:
        return f"{wrong} of {ranks} workers got a wrong sum"
    if bandwidth < at_least:
        return f"bus bandwidth is {bandwidth:.1f} GB/s, {at_least:.1f} is asked for"
    return ""


def main() -> int:
    """Run under torchrun, once a worker; 0 where all is well."""
    torch: Any = import_module("torch")  # there in the image of training jobs, not where this is written
    ranks: Any = import_module("torch.distributed")
    machines, told = int(os.environ["GROUP_WORLD_SIZE"]), os.environ
    join = nvidia if told["KIND"] == "nvidia" else neuron
    device, finish = join(torch, ranks)
    wrong, bandwidth = measure(torch, ranks, device, finish)
    wanted, count = machines * int(told["WORKERS"]), ranks.get_world_size()
    found = verdict(count, wanted, wrong, bandwidth, float(told["AT_LEAST"]))
    if ranks.get_rank() == 0:
        print(f"{count} workers, {bandwidth:.1f} GB/s bus bandwidth: {found or 'ready'}")  # noqa: T201
    ranks.destroy_process_group()
    return 1 if found else 0


def nvidia(torch: Any, ranks: Any) -> tuple[Any, Callable[[], Any]]:
    """Join the others over NCCL: this worker's device, and what waits until it is done."""
    there, local = torch.cuda.device_count(), int(os.environ["LOCAL_RANK"])
    if there != int(os.environ["ACCELERATORS"]):
        sys.exit(f"{there} accelerators here, {os.environ['ACCELERATORS']} expected")
    torch.cuda.set_device(local)
    ranks.init_process_group("nccl")
    return f"cuda:{local}", torch.cuda.synchronize


def neuron(torch: Any, ranks: Any) -> tuple[Any, Callable[[], Any]]:
    """Join the others over Neuron's own collectives: through PyTorch/XLA where the image has it (Trainium 1 needs it),
    else through the native backend (Trainium 2 and later). The runtime gives each worker a core of its own, and fails
    where there are fewer."""
    try:
        xla: Any = import_module("torch_xla.core.xla_model")
        import_module("torch_xla.distributed.xla_backend")  # registers itself, as the next one does
    except ImportError:
        import_module("torch_neuronx")
        ranks.init_process_group("neuron")
        return "neuron", torch.accelerator.synchronize

    def finish() -> None:
        xla.mark_step()
        xla.wait_device_ops()

    ranks.init_process_group("xla")
    return xla.xla_device(), finish


def measure(torch: Any, ranks: Any, device: Any, finish: Callable[[], Any]) -> tuple[int, float]:
    """``(workers with a wrong sum, GB/s)``; the same on every worker."""
    count = ranks.get_world_size()
    ones = torch.ones(SIZE // 4, dtype=torch.float32, device=device)
    ranks.all_reduce(ones)
    bad = torch.tensor([int(not bool((ones == count).all()))], device=device)
    ranks.all_reduce(bad)
    start = 0.0
    for turn in range(-3, ROUNDS):
        if turn == 0:
            start = time.perf_counter()
        ranks.all_reduce(ones)
        finish()
    took = torch.tensor([(time.perf_counter() - start) / ROUNDS], device=device)
    ranks.all_reduce(took, op=ranks.ReduceOp.MAX)
    return int(bad.item()), bus_bandwidth(SIZE, float(took.item()), count)


if __name__ == "__main__":
    sys.exit(main())
