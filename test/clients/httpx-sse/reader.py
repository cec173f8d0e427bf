"""Reads a run to its end with httpx-sse, over cuts, and prints each event as a line of JSON: reader.py URL TOKEN HOW.

HOW is `sse` for httpx-sse, or `lines` for httpx's own line iterator, which many programs read event streams
with: it ends a line at U+0085, U+2028 and U+2029 too.
"""

import json
import sys
from collections.abc import Iterator

import httpx
from httpx_sse import EventSource

Event = dict[str, str]


def by_sse(response: httpx.Response) -> Iterator[Event]:
    for event in EventSource(response).iter_sse():
        yield {"id": event.id, "event": event.event, "data": event.data}


def by_lines(response: httpx.Response) -> Iterator[Event]:
    event: Event = {}
    for line in response.iter_lines():
        name, colon, value = line.partition(": ")
        if line == "":
            yield {"id": "", **event}
            event = {}
        elif name in ("id", "event", "data"):
            event[name] = value
        elif not line.startswith(":"):
            raise ValueError(f"no field: {line!r}")


def main(url: str, token: str, how: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client() as client:
        while True:
            try:
                with client.stream("GET", url, headers=headers) as response:
                    if response.status_code == 204:
                        return
                    response.raise_for_status()
                    for event in by_sse(response) if how == "sse" else by_lines(response):
                        if event["id"]:
                            headers["last-event-id"] = event["id"]
                        print(json.dumps(event), flush=True)
            except httpx.RemoteProtocolError:
                pass  # The connection was cut.


main(*sys.argv[1:])
