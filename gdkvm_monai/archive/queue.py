"""The queue of clips in an SQLite database: every change of state is one transaction, so that a kill loses none."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Collection
from pathlib import Path

from gdkvm_monai.archive.queued_clip import QueuedClip, State

__all__ = ["MAX_ATTEMPTS", "ClipQueue", "resend_delay_s"]

MAX_ATTEMPTS = 5
"""How often a clip is begun; one that ends the process each time would otherwise block the queue forever."""
FIRST_DELAY_S, LONGEST_DELAY_S = 5, 600
SCHEMA = """\
CREATE TABLE IF NOT EXISTS clips (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, state TEXT NOT NULL, bytes INTEGER NOT NULL,
    result TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
    sendings INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0, changed_utc TEXT NOT NULL DEFAULT ''
)"""


def resend_delay_s(failures: int) -> float:
    """Return how long to wait after a number of failures: 5 s, then twice as long each time, at most ten minutes.

    Example:
        >>> [resend_delay_s(failures) for failures in (1, 2, 3, 60)]
        [5, 10, 20, 600]
    """
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(failures - 1, 30))


class ClipQueue:
    """Queue in a database that several threads of one process use.

    Args:
        path: database, created if missing.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        # without isolation level, each statement is a transaction, on disk when execute() returns
        self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, clip: str, size: int) -> None:
        """Add a clip that is on disk; one that was refused before is tried again."""
        self._enter(clip, State.RECEIVED, size)

    def refuse_arrival(self, clip: str, size: int, reason: str) -> None:
        """Record a clip that was refused on arrival."""
        self._enter(clip, State.REFUSED, size, reason)

    def find(self, clip: str) -> QueuedClip | None:
        """Return a clip, ``None`` if it never arrived."""
        return self._first("id = ?", [clip])

    def take(self, among: Collection[str] | None = None) -> QueuedClip | None:
        """Begin with the next clip that waits: those that were begun less often first, then in order of arrival.

        Args:
            among: take only one of these, and do not wait until it is due.
        """
        clip = self._next(State.RECEIVED, among, "attempts, number")
        if clip is not None:
            self._move(clip.id, State.RECEIVED, State.SEGMENTING, "attempts = attempts + 1")
        return clip

    def finish(self, clip: str, result: str) -> None:
        """Record the results of a clip."""
        self._move(clip, State.SEGMENTING, State.DONE, "not_before = 0, result = ?", result)

    def refuse(self, clip: str, reason: str) -> None:
        """Record why a clip cannot be segmented."""
        self._move(clip, State.SEGMENTING, State.REFUSED, "reason = ?", reason)

    def put_back(self, clip: str, delay_s: float = 0) -> None:
        """Let a clip wait again whose segmentation was stopped for a reason outside of it."""
        self._move(
            clip, State.SEGMENTING, State.RECEIVED, "attempts = attempts - 1, not_before = ?", time.time() + delay_s
        )

    def recover(self) -> None:
        """Let clips wait again that a killed process was segmenting, and refuse those that were begun too often."""
        reason = f"the process ended {MAX_ATTEMPTS} times while the clip was segmented; segment it by itself."
        change = "UPDATE clips SET state = ?, reason = ? WHERE state = ? AND attempts >= ?"
        self._run(change, State.REFUSED, reason, State.SEGMENTING, MAX_ATTEMPTS)
        self._run("UPDATE clips SET state = ? WHERE state = ?", State.RECEIVED, State.SEGMENTING)

    def next_unsent(self, among: Collection[str] | None = None) -> QueuedClip | None:
        """Return the next finished clip whose results are to be sent; ``among`` as for :meth:`take`."""
        return self._next(State.DONE, among, "not_before, number")

    def record_sent(self, clip: str) -> None:
        """Record that the results have arrived."""
        self._move(clip, State.DONE, State.SENT, "reason = ''")

    def record_send_failure(self, clip: QueuedClip, reason: str) -> None:
        """Record why the results could not be sent; they are sent again later."""
        again = time.time() + resend_delay_s(clip.sendings + 1)
        self._move(
            clip.id, State.DONE, State.DONE, "sendings = sendings + 1, reason = ?, not_before = ?", reason, again
        )

    def total(self, *states: State) -> tuple[int, int]:
        """Return the number of clips in these states, and the bytes that arrived for them."""
        marks = ", ".join("?" * len(states))
        query = f"SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM clips WHERE state IN ({marks})"
        return self._run(query, *states)[0]

    def _enter(self, clip: str, state: State, size: int, reason: str = "") -> None:
        change = (
            "state = excluded.state, bytes = excluded.bytes, reason = excluded.reason, attempts = 0, not_before = 0"
        )
        changed = self._run(
            "INSERT INTO clips (id, state, bytes, reason, changed_utc) VALUES (?, ?, ?, ?, ?) "
            f"ON CONFLICT (id) DO UPDATE SET {change}, changed_utc = excluded.changed_utc WHERE state = 'refused'",
            *(clip, state, size, reason, _now()),
        )[1]
        _check(changed, clip, state)

    def _move(self, clip: str, before: State, after: State, also: str, *values: object) -> None:
        change = f"UPDATE clips SET {also}, state = ?, changed_utc = ? WHERE id = ? AND state = ?"
        _check(self._run(change, *values, after, _now(), clip, before)[1], clip, after)

    def _next(self, state: State, among: Collection[str] | None, order: str) -> QueuedClip | None:
        if among is None:
            return self._first("state = ? AND not_before <= ?", [state, time.time()], order)
        return self._first(
            "state = ? AND id IN (SELECT value FROM json_each(?))", [state, json.dumps(list(among))], order
        )

    def _first(self, condition: str, values: list, order: str = "number") -> QueuedClip | None:
        columns = ", ".join(QueuedClip.__dataclass_fields__)
        row = self._run(f"SELECT {columns} FROM clips WHERE {condition} ORDER BY {order} LIMIT 1", *values)[0]
        return QueuedClip(row[0], State(row[1]), *row[2:]) if row else None

    def _run(self, statement: str, *values: object) -> tuple:
        """Run one statement; returns the first row that it gives, and the number of rows that it changed."""
        with self._lock:
            cursor = self._database.execute(statement, values)
            return next(iter(cursor.fetchall()), None), cursor.rowcount


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _check(changed: int, clip: str, state: State) -> None:
    if changed != 1:
        raise RuntimeError(f"clip {clip} cannot become {state.value} from its present state.")
