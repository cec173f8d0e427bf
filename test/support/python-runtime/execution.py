"""One execution: what the log says of it, and the bytes that it writes.

`play` turns the steps of a scenario into SSE frames. `whole` writes each frame as one network chunk, `chop`
cuts the same bytes at places where no frame ends. Invariant: every way a body can end is recorded once in
`Run.ended`, and the first one recorded stays.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from sse_starlette import ServerSentEvent

from scenarios import BodyEnds, Step

# A cut body has its ping comments between frames, at places that do not depend on time.
COMMENT_EVERY = 4
# Of the logarithm of the thinking time.
SPREAD = 0.5


def now() -> str:
    # A fixed width, so that a seed cuts a body at the same places every time.
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass
class Conditions:
    """What is true of every execution, whatever it plays: `POST /test/conditions` sets it."""

    # Median of the pause before the first event; log-normal, as answers of models are.
    think_ms: float = 0
    # Every pause takes so many times longer, also of what is under way.
    slower: float = 1
    # Whose executions fail.
    failing_org: str | None = None


@dataclass
class Run:
    """One execution, as `/test/log` shows it, and the switch that cancels it."""

    body: dict[str, Any]
    headers: dict[str, str | None]
    conditions: Conditions
    started_at: str = field(default_factory=now)
    ended: str | None = None
    tool_runs: int = 0
    events_sent: int = 0
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self, how: str) -> None:
        self.ended = self.ended or how

    async def pause(self, seconds: float) -> None:
        """Waits so long, or until the run is cancelled."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.cancelled.wait(), seconds * self.conditions.slower)

    def frame(self, event: str, data: dict[str, Any]) -> bytes:
        """Encodes one event and counts what it means for the log."""
        self.events_sent += 1
        self.tool_runs += event == "tool_call_start" and not self.body["metadata"].get("dry_run", False)
        if event in ("execution_complete", "execution_error"):
            self.finish(event.removeprefix("execution_"))
        return sse(json.dumps({"event": event, "data": data, "timestamp": now()}, ensure_ascii=False))

    def logged(self) -> dict[str, Any]:
        shown = ("body", "headers", "started_at", "ended", "tool_runs", "events_sent")
        return {"session_id": self.body["session_id"]} | {name: getattr(self, name) for name in shown}


def sse(data: str) -> bytes:
    return ServerSentEvent(data).encode()


async def play(run: Run, steps: Iterator[Step], with_done: bool) -> AsyncIterator[bytes]:
    """Turns steps into frames; an empty one says that a pause begins, so nothing may be held back."""
    think_ms = run.conditions.think_ms
    thinks = [think_ms / 1000 * random.lognormvariate(0, SPREAD)] if think_ms else []
    try:
        for step in chain(thinks, steps):
            # Without a turn of the loop a burst would keep out the cancel and the disconnect.
            await asyncio.sleep(0)
            if isinstance(step, float):
                yield b""
                await run.pause(step)
            if run.cancelled.is_set():
                cancelled = {"error": "cancelled", "code": "EXECUTION_CANCELLED", "httpStatus": 499}
                yield run.frame("execution_error", cancelled)
                break
            if not isinstance(step, float):
                yield step if isinstance(step, bytes) else run.frame(*step)
    except BodyEnds as end:
        run.finish(end.how)
        if end.how != "truncated":
            raise
        return
    run.finish("done")
    if with_done:
        yield sse("[DONE]")


def slices(data: bytes, split: str, rng: random.Random) -> list[bytes]:
    """Cuts at every byte, inside every multi-byte character, or at random places (every 16 bytes or so)."""
    inner = range(1, len(data))
    if split == "utf8":
        cuts = [at for at in inner if data[at] & 0xC0 == 0x80]
    else:
        cuts = [at for at in inner if split == "bytes1" or rng.random() < 1 / 16]
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


async def pace(seconds: float) -> None:
    """asyncio rounds a sleep up to a millisecond, so a body cut at every byte would last ten seconds."""
    until = time.monotonic() + seconds
    await asyncio.sleep(0)
    while time.monotonic() < until:
        await asyncio.sleep(0)


async def chop(frames: AsyncIterator[bytes], scenario: dict[str, Any]) -> AsyncIterator[bytes]:
    """Writes the body in cut chunks. The last piece waits for the next frame, so chunks span frames too."""
    split, rng, held, seen = scenario["split"], random.Random(scenario.get("seed", 0)), b"", 0
    # Readers merge writes that follow each other faster than they read.
    gap = scenario.get("split_ms", 0.3) / 1000
    # The reader is still busy with the response head, and would find the first pieces merged.
    await asyncio.sleep(0.01)
    try:
        async for frame in frames:
            if frame and seen % COMMENT_EVERY == 0:
                frame = ServerSentEvent(comment=f"ping - {now()}").encode() + frame
            seen += bool(frame)
            *ready, held = slices(held + frame, split, rng) if frame else [held, b""]
            for piece in filter(None, ready):
                yield piece
                await pace(gap)
    except BodyEnds:
        yield held
        raise
    yield held


async def whole(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for frame in frames:
        if frame:
            yield frame
