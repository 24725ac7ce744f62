"""The preflight's program: it runs in the image of training jobs under ``torchrun``, and knows nothing of this package.

Every accelerator adds up the same large tensor with all others. The answer must be right, and fast enough: bandwidth is
counted as NVIDIA's nccl-tests do ("bus bandwidth" of an all-reduce, doc/PERFORMANCE.md).

Environment: ``ACCELERATORS`` (how many a machine has), ``AT_LEAST`` (GB/s of bus bandwidth; 0: not asked).
"""

import os
import sys
import time
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
        return f"{ranks} accelerators take part, {wanted} were declared"
    if wrong:
        return f"{wrong} of {ranks} accelerators got a wrong sum"
    if bandwidth < at_least:
        return f"bus bandwidth is {bandwidth:.1f} GB/s, {at_least:.1f} is asked for"
    return ""


def main() -> int:
    """Run under torchrun on every accelerator; 0 where all is well."""
    import torch  # noqa: PLC0415 - there in the image of training jobs, not where this is written
    import torch.distributed as ranks  # noqa: PLC0415

    local, machines = int(os.environ["LOCAL_RANK"]), int(os.environ["GROUP_WORLD_SIZE"])
    if torch.cuda.device_count() != int(os.environ["ACCELERATORS"]):
        print(f"{torch.cuda.device_count()} accelerators here, {os.environ['ACCELERATORS']} expected")  # noqa: T201
        return 1
    torch.cuda.set_device(local)
    ranks.init_process_group("nccl")
    wrong, bandwidth = measure(torch, ranks, local)
    wanted = machines * int(os.environ["ACCELERATORS"])
    found = verdict(ranks.get_world_size(), wanted, wrong, bandwidth, float(os.environ["AT_LEAST"]))
    if ranks.get_rank() == 0:
        print(f"{ranks.get_world_size()} accelerators, {bandwidth:.1f} GB/s bus bandwidth: {found or 'ready'}")  # noqa: T201
    ranks.destroy_process_group()
    return 1 if found else 0


def measure(torch: Any, ranks: Any, local: int) -> tuple[int, float]:
    """``(ranks with a wrong sum, GB/s)``; the same on every rank."""
    count = ranks.get_world_size()
    ones = torch.ones(SIZE // 4, dtype=torch.float32, device=f"cuda:{local}")
    ranks.all_reduce(ones)
    bad = torch.tensor([int(not bool((ones == count).all()))], device=f"cuda:{local}")
    ranks.all_reduce(bad)
    for _ in range(3):
        ranks.all_reduce(ones)
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(ROUNDS):
        ranks.all_reduce(ones)
    torch.cuda.synchronize()
    took = torch.tensor([(time.perf_counter() - start) / ROUNDS], device=f"cuda:{local}")
    ranks.all_reduce(took, op=ranks.ReduceOp.MAX)
    return int(bad.item()), bus_bandwidth(SIZE, float(took.item()), count)


if __name__ == "__main__":
    sys.exit(main())
