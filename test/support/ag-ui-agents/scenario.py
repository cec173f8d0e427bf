"""The behaviour that a user's message asks for."""

import asyncio
from collections.abc import AsyncIterator

SCENARIOS = ["REASON", "TOOL2", "BADTOOL", "RETRYTOOL", "TOOL", "APPROVE", "ERR0", "ERRMID", "SLOW", "HISTORY", "FILES"]

#: How many runs of SLOW are running now, and how many ended because the client left.
slow = {"running": 0, "left": 0}


def scenario_of(message: str) -> str:
    return next((word for word in SCENARIOS if word in message), "TEXT")


async def slowly() -> AsyncIterator[str]:
    """Text without an end, until the client leaves."""
    slow["running"] += 1
    try:
        while True:
            yield "tick "
            await asyncio.sleep(0.05)
    finally:
        slow["running"] -= 1
        slow["left"] += 1
