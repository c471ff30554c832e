"""The same bytes on every run: seeds, threads and algorithms while torch works."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch

Device = Literal["auto", "cpu", "cuda"]


def choose_device(device: Device) -> torch.device:
    """The graphics card if it is asked for, or `auto` finds one; else the processor."""
    found = torch.cuda.is_available()
    return torch.device("cuda" if device == "cuda" or (device == "auto" and found) else "cpu")


def derive_seed(*numbers: int) -> int:
    """A seed that depends on all `numbers`, none of them negative, and their order."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def steady(seed: int = 0) -> Iterator[None]:
    """One thread, reproducible algorithms and `seed` for whatever draws without a generator; restored afterwards."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is not reproducible without
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)
