"""Real AG-UI servers for the tests: pydantic-ai at /pydantic-ai, ag-ui-langgraph with interrupts as outcomes at /langgraph, and
as it is by default at /langgraph-default. Words in the user's message choose what the models do. No network is used."""

import argparse
import json
import socket

import uvicorn
from ag_ui_langgraph import LangGraphAgent, add_langgraph_fastapi_endpoint
from fastapi import FastAPI, Request, Response
from langgraph_agent import graph
from pydantic_ai.ui.ag_ui import AGUIAdapter
from pydantic_ai_agent import agent
from scenario import slow

app = FastAPI()
#: The last request of each thread, so that a test can read what the gateway sent.
requests: dict[str, dict] = {}


@app.middleware("http")
async def remember(request: Request, call_next) -> Response:
    if request.method == "POST":
        body = await request.body()
        try:
            sent = json.loads(body)
            requests[sent["threadId"]] = {"headers": dict(request.headers), "body": sent}
        except (ValueError, KeyError):
            pass
    return await call_next(request)


@app.get("/requests/{thread_id}")
def request_of(thread_id: str) -> dict:
    return requests.get(thread_id, {})


@app.get("/slow")
def slow_runs() -> dict[str, int]:
    return slow


@app.post("/pydantic-ai")
async def pydantic_ai(request: Request) -> Response:
    return await AGUIAdapter.dispatch_request(request, agent=agent, include_usage=True)


add_langgraph_fastapi_endpoint(
    app,
    LangGraphAgent(
        name="langgraph",
        graph=graph(),
        emit_raw_events=False,
        emit_interrupt_outcome=True,
    ),
    "/langgraph",
)
add_langgraph_fastapi_endpoint(app, LangGraphAgent(name="default", graph=graph()), "/langgraph-default")


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        port = sockets[0].getsockname()[1] if sockets else None
        print("READY", json.dumps({"port": port}), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description="AG-UI agents for crossfade's tests")
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.parse_args().port))
    config = uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=1)
    Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
