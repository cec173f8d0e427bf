"""A real agent runtime to test against: FastAPI, uvicorn and sse-starlette on a loopback port.

It speaks the runtime wire of protocol.md section 3, so that the TypeScript tests meet the bytes that a
Python runtime really writes. The last message of the history chooses what is played (`user_message` where there is no
history): JSON text with a `scenario` in it (see scenarios.py and real.py), or any other text, which is echoed; `/test/conditions` says what holds for all of them (see
execution.py). `/test/log` tells what was received and how each execution ended. `python app.py --port 0` prints `READY {"port": N}` once it accepts connections.
"""

import argparse
import asyncio
import gzip
import json
import os
import re
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from execution import Conditions, Run, chop, now, play, whole
from real import REAL
from scenarios import REPORT, SCENARIOS as PLAIN, BodyEnds
from tracing import server_span
from wire import Cancel, Execution

LOGGED_HEADERS = ("x-request-id", "traceparent", "tracestate", "baggage", "accept")
SCENARIOS = PLAIN | REAL
SPLITS = (None, "random", "bytes1", "utf8")
# sse-starlette's own default.
DEFAULT_PING_MS = 15_000


@dataclass
class Log:
    executions: list[Run] = field(default_factory=list)
    cancels: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)


def asked(execution: Execution) -> str:
    """The real runtime uses a history that is not empty instead of `user_message`."""
    history = execution.history_messages
    return history[-1].content if history else execution.user_message


def scenario_of(message: str) -> dict[str, Any]:
    try:
        scenario = json.loads(message)
    except ValueError:
        scenario = None
    if not isinstance(scenario, dict) or "scenario" not in scenario:
        return {"scenario": "echo", "message": message}
    if scenario["scenario"] not in (*SCENARIOS, "http") or scenario.get("split") not in SPLITS:
        raise HTTPException(400, "unknown scenario or split")
    return {"message": message, **scenario}


app = FastAPI(title="crossfade test runtime", docs_url=None, redoc_url=None)
app.state.log, app.state.ping_ms = Log(), DEFAULT_PING_MS
app.state.conditions = Conditions()


@app.exception_handler(RequestValidationError)
async def reject(request: Request, error: RequestValidationError) -> Response:
    app.state.log.rejected.append(jsonable_encoder({"body": error.body, "detail": error.errors()}))
    return await request_validation_exception_handler(request, error)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy", "version": "test"}


def answer(scenario: dict[str, Any]) -> Response:
    """Scenario http: status (500), body (JSON, or text for a string), retry_after (the header's value)."""
    body, retry_after = scenario.get("body", {"detail": "scenario http"}), scenario.get("retry_after")
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    status = scenario.get("status", 500)
    if isinstance(body, str):
        return Response(body, status, headers, media_type="text/plain")
    return JSONResponse(body, status, headers)


@app.post("/api/v1/execute/stream")
async def execute(execution: Execution, request: Request) -> Response:
    scenario, conditions = scenario_of(asked(execution)), app.state.conditions
    if execution.org_id == conditions.failing_org:
        scenario = {"scenario": "error", "code": "INTERNAL_ERROR", "httpStatus": 500}
    headers = {name: request.headers.get(name) for name in LOGGED_HEADERS}
    run = Run(execution.model_dump(exclude_unset=True), headers, conditions)
    app.state.log.executions.append(run)
    if scenario["scenario"] == "http":
        run.finish("http")
        return answer(scenario)

    async def client_left(_message: object) -> None:
        run.finish("disconnected")

    scenario.setdefault("ping_ms", app.state.ping_ms)
    frames = play(run, SCENARIOS[scenario["scenario"]](scenario), scenario.get("done", True))
    cut = scenario.get("split") is not None
    # sse-starlette would write its ping into the middle of a cut frame, so `chop` writes the pings itself.
    return EventSourceResponse(
        chop(frames, scenario) if cut else whole(frames),
        ping=0 if cut else scenario["ping_ms"] / 1000,
        client_close_handler_callable=client_left,
    )


@app.post("/api/v1/execute/cancel")
async def cancel(body: Cancel) -> dict[str, Any]:
    runs = [
        r for r in app.state.log.executions if r.body["session_id"] == body.session_id and r.ended is None
    ]
    for run in runs:
        run.finish("cancelled")
        run.cancelled.set()
    app.state.log.cancels.append({"session_id": body.session_id, "at": now(), "hit": bool(runs)})
    return {"cancelled": bool(runs), "session_id": body.session_id}


@app.get("/files/{file_id}/report.csv")
async def report(file_id: str) -> Response:
    return Response(REPORT, media_type="text/csv", headers={"X-File-Id": file_id})


BLOB = bytes(range(256)) * 4096


async def silent() -> AsyncIterator[bytes]:
    yield b"x"
    await asyncio.Event().wait()


@app.get("/blob/{kind:path}")
async def blob(kind: str, request: Request) -> Response:
    """A file of 1 MiB, told as `kind` says."""
    app.state.log.blobs.append(kind)
    if kind == "gzip":
        return Response(gzip.compress(BLOB), headers={"Content-Encoding": "gzip"})
    if kind == "redirect":
        return RedirectResponse("/blob/elsewhere")
    if kind == "cut":
        raise BodyEnds("cut")
    if kind == "silent":
        return StreamingResponse(silent())
    if kind == "huge":
        return Response(b"", headers={"Content-Length": str(2**40)})
    part = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
    if kind != "ranges" or part is None:
        return Response(BLOB, media_type="application/octet-stream")
    first, last = int(part[1]), int(part[2])
    if first >= len(BLOB):
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(BLOB)}"})
    headers = {"Content-Range": f"bytes {first}-{last}/{len(BLOB)}", "ETag": '"v1"'}
    return Response(BLOB[first : last + 1], status_code=206, headers=headers)


@app.get("/test/log")
async def test_log() -> dict[str, Any]:
    log = app.state.log
    return {
        "executions": [run.logged() for run in log.executions],
        "cancels": log.cancels,
        "rejected": log.rejected,
        "blobs": log.blobs,
    }


@app.post("/test/reset")
async def test_reset() -> dict[str, bool]:
    app.state.log, app.state.conditions = Log(), Conditions()
    return {"reset": True}


@app.post("/test/conditions")
async def test_conditions(changed: dict[str, Any]) -> Conditions:
    for name, value in changed.items():
        setattr(app.state.conditions, name, value)
    return app.state.conditions


async def breakable(scope: Scope, receive: Receive, send: Send) -> None:
    """The app, and the ends that no response can make: the connection cut, the process gone."""
    try:
        with server_span(scope):
            await app(scope, receive, send)
    except BodyEnds as end:
        if end.how == "crash":
            os._exit(1)
        # ASGI has no way to the connection; uvicorn's `receive` is a method of the object that holds it.
        transport = receive.__self__.transport
        if end.how == "reset":
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        else:
            transport.close()
        # Once uvicorn has seen the disconnect it does not complain of a response without an end.
        while (await receive())["type"] != "http.disconnect":
            pass


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        port = sockets[0].getsockname()[1] if sockets else None
        print("READY", json.dumps({"port": port}), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description="Agent runtime peer for crossfade's tests")
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    ping_ms = float(os.environ.get("RUNTIME_PING_MS", DEFAULT_PING_MS))
    options.add_argument("--ping-ms", type=float, default=ping_ms, help="between ping comments; 0 for none")
    chosen = options.parse_args()
    app.state.ping_ms = chosen.ping_ms
    # asyncio sets TCP_NODELAY only on sockets that name TCP; without it the kernel merges the writes.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A test restarts a crashed runtime on the port that it had.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", chosen.port))
    config = uvicorn.Config(
        breakable, proxy_headers=False, access_log=False, log_level="warning", timeout_graceful_shutdown=1
    )
    Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
