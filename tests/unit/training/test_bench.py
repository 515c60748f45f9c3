from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from bench_work import add, fail, hang, pid

from agents.campaign.errors import CampaignError, PausedError
from agents.training.bench import BATCH, STRETCH_SECONDS, Bench, InlineBench, WorkerBench

BENCHES: list[Callable[[], Bench[dict[str, int]]]] = [
    lambda: InlineBench({"add": 5}),
    lambda: WorkerBench({"add": 5}, 1),
    lambda: WorkerBench({"add": 5}, 3),
]


def worked(bench: Bench[dict[str, int]], work: Callable[[Bench[dict[str, int]]], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with bench:
            return await work(bench)

    return asyncio.run(main())


@pytest.mark.parametrize("make", BENCHES)
def test_every_bench_gives_the_same_results_in_order(make: Callable[[], Bench[dict[str, int]]]) -> None:
    results = worked(make(), lambda bench: asyncio.gather(*(bench.run(add, n, n) for n in range(5 * BATCH))))
    assert results == [n + 5 for n in range(5 * BATCH)]


@pytest.mark.parametrize("make", BENCHES)
def test_every_bench_does_many_calls_at_once_in_order(make: Callable[[], Bench[dict[str, int]]]) -> None:
    results = worked(make(), lambda bench: bench.run_all(add, [(n, n) for n in range(5 * BATCH)]))
    assert results == [n + 5 for n in range(5 * BATCH)]


@pytest.mark.parametrize("make", BENCHES)
def test_every_bench_tells_of_what_broke_among_many(make: Callable[[], Bench[dict[str, int]]]) -> None:
    with pytest.raises(CampaignError, match="cannot work on 2"):
        worked(make(), lambda bench: bench.run_all(fail, [(2, 0), (2, 1)]))


def test_other_tasks_have_their_turn_while_much_is_done_in_this_process() -> None:
    async def work(bench: Bench[dict[str, int]]) -> int:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while not many.done():
                turns += 1
                await asyncio.sleep(0)

        many = asyncio.create_task(bench.run_all(hang, [(2 * STRETCH_SECONDS, 0)] * 10))
        await count()
        return turns

    assert worked(InlineBench({}), work) >= 10


@pytest.mark.parametrize("make", BENCHES)
def test_every_bench_tells_of_a_broken_function_and_goes_on(make: Callable[[], Bench[dict[str, int]]]) -> None:
    async def work(bench: Bench[dict[str, int]]) -> list[Any]:
        return await asyncio.gather(*(bench.run(fail if n == 2 else add, n) for n in range(4)), return_exceptions=True)

    results = worked(make(), work)
    assert [results[0], results[1], results[3]] == [5, 6, 8]
    assert isinstance(results[2], CampaignError)
    assert "fail raised" in results[2].what
    assert "ArithmeticError: cannot work on 2" in results[2].what


def test_work_is_spread_over_the_workers() -> None:
    bench = WorkerBench({}, 2)
    pids = worked(bench, lambda _: asyncio.gather(*(bench.run(pid, n, lane=n) for n in range(4 * BATCH))))
    assert len(set(pids)) == 2
    assert set(pids[::2]).isdisjoint(pids[1::2]), "a lane stays with its worker"
    assert os.getpid() not in pids


def test_workers_are_gone_afterwards() -> None:
    bench = WorkerBench({}, 2)

    async def work(_: Any) -> list[int]:
        await bench.run(pid, 0)
        return bench.pids

    assert not [pid for pid in worked(bench, work) if psutil.pid_exists(pid)]


def test_a_killed_worker_fails_the_calls_that_wait() -> None:
    bench = WorkerBench({}, 2)

    async def work(_: Any) -> list[Any]:
        await bench.run(pid, 0)
        calls = [asyncio.create_task(bench.run(hang, 30.0, lane)) for lane in range(2)]
        await asyncio.sleep(0.05)
        for worker in bench.pids:
            os.kill(worker, signal.SIGKILL)
        results = await asyncio.gather(*calls, return_exceptions=True)
        return [*results, *await asyncio.gather(bench.run(pid, 0), return_exceptions=True)]

    results = worked(bench, work)
    assert all(isinstance(result, PausedError) for result in results)
    assert "was killed by SIGKILL" in results[0].what


def test_workers_leave_signals_to_their_bench() -> None:
    bench = WorkerBench({"add": 1}, 1)

    async def work(_: Any) -> int:
        await bench.run(add, 0)
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(bench.pids[0], number)
        return await bench.run(add, 1)

    assert worked(bench, work) == 2


def test_workers_die_with_a_bench_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from agents.training.bench import WorkerBench
async def main():
    async with WorkerBench({{}}, 2) as bench:
        print(*bench.pids, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workers = [psutil.Process(int(word)) for word in process.stdout.readline().split()]
        process.kill()
    assert len(workers) == 2
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
