"""Worker processes that are replaced when they die, so that only the task at hand fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import active_children, get_context
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["run_in_workers"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_in_workers(
    jobs: int,
    start: Callable[[], None],
    work: Callable[[Item], Result],
    items: Sequence[Item],
    failed: Callable[[Item, BrokenExecutor], Result],
) -> Iterator[Result]:
    """Work on items in several processes, and yield the results in order.

    Args:
        jobs: number of processes.
        start: called once in every process.
        work: called with an item in one of the processes.
        items: work to do.
        failed: called here with an item and an error if the process died while it worked on that item.
    """
    others = set(active_children())
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for _ in range(jobs):
        idle.put(_Worker(start))

    def run(item: Item) -> Result:
        worker = idle.get()
        try:
            return worker.run(work, item)
        except BrokenExecutor as error:
            return failed(item, error)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(jobs) as threads:
        futures = [threads.submit(run, item) for item in items]
        try:
            yield from (future.result() for future in futures)
        except BaseException:  # a signal, or a caller that wants no more
            threads.shutdown(wait=False, cancel_futures=True)
            for process in set(active_children()) - others:
                process.terminate()
            raise
        finally:
            while not idle.empty():
                idle.get().close()


class _Worker:
    """A process that is started at its first task, and replaced after it died."""

    def __init__(self, start: Callable[[], None]) -> None:
        self._new_pool = partial(ProcessPoolExecutor, 1, get_context("spawn"), initializer=start)
        self._pool = self._new_pool()

    def run(self, work: Callable[[Any], Any], item: Any) -> Any:
        try:
            return self._pool.submit(work, item).result()
        except BrokenExecutor:
            self.close()
            self._pool = self._new_pool()
            raise

    def close(self) -> None:
        self._pool.shutdown(wait=False)
