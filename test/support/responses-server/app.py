"""Three published servers of the Responses API over one LangGraph graph with a scripted model.

/fast: fastresponses, with previous_response_id, interrupts and receipts of the graph's own tools.
/graph: graphserve, whose function calls have no outputs.
/plain: langgraph-responses-gateway, which takes one text as input and streams text alone.

The last user message chooses the scenario. Every byte on the wire is the servers' own.
"""

import argparse
import asyncio
import socket
from base64 import b64decode
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastresponses import create_app
from fastresponses.adapters.langgraph import LangGraphAdapter
from graphserve.registry import GraphRegistry
from graphserve.router import create_openai_router
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import interrupt
from langgraph_responses_gateway.integrations.fastapi import create_responses_router

# 30 s: long enough for a test to cancel the run or to kill the server.
SLOW_STEPS = 600

# The SLOW runs that are slow now, and the paths of the answers that their client closed early.
begun: list[str] = []
closed: list[str] = []


def part(content: Any = "", **fields: Any) -> AIMessageChunk:
    return AIMessageChunk(content=content, **fields)


def words(text: str) -> list[AIMessageChunk]:
    return [part(f"{word} ") for word in text.split()]


def call(name: str, args: str, id: str, index: int = 0) -> list[AIMessageChunk]:
    """A call as providers stream it: the name first, then the arguments in two parts."""
    half = len(args) // 2
    steps = [(name, "", id), (None, args[:half], None), (None, args[half:], None)]
    return [
        part(tool_call_chunks=[{"name": n, "args": a, "id": i, "index": index, "type": "tool_call_chunk"}])
        for n, a, i in steps
    ]


CALLS = {
    "TOOL": call("get_weather", '{"city": "Paris"}', "tc-1"),
    "TOOL2": words("Two:")
    + call("get_weather", '{"city": "Paris"}', "tc-a")
    + call("get_weather", '{"city": "Rome"}', "tc-b", 1),
    "BADTOOL": call("explode", "{}", "tc-x"),
    "SOFTTOOL": call("refuse", "{}", "tc-s"),
    "APPROVE": call("delete_file", '{"path": "/x"}', "tc-del"),
    "ASK": call("ask_user", '{"question": "Your name?"}', "tc-ask"),
}
USAGE = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}


def scenario(messages: list[BaseMessage]) -> str:
    return str(next(m for m in reversed(messages) if isinstance(m, HumanMessage)).text).strip()


def script(messages: list[BaseMessage]) -> list[AIMessageChunk]:
    asked, last = scenario(messages), messages[-1]
    if isinstance(last, ToolMessage):
        return [*words(f"It is done: {last.text}"), part(usage_metadata=USAGE)]
    if asked in CALLS:
        # Streaming writes the id of its message into each chunk.
        return [each.model_copy() for each in CALLS[asked]]
    if asked == "REASON":
        thoughts = [part([{"type": "reasoning", "reasoning": t, "text": t, "index": 0}]) for t in ("Let me ", "think.")]
        return [*thoughts, part([{"type": "text", "text": "Answer after thinking.", "index": 1}])]
    if "FILES" in asked:
        blocks = [block for message in messages for block in message.content_blocks]
        # fastresponses passes the whole data URL of a file on.
        data = [(block["mime_type"], block["base64"].split(",")[-1]) for block in blocks if "base64" in block]
        found = [f"{mime} {len(b64decode(base64))}" for mime, base64 in data]
        return [part(", ".join(found))]
    if asked.startswith("HISTORY"):
        return [part(" | ".join(f"{m.type}: {m.text.strip()}" for m in messages))]
    return [*words("Hello from a real agent."), part(usage_metadata=USAGE)]


class ScriptedModel(BaseChatModel):
    """Streams its script, as a provider's model does."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        if scenario(messages) in ("ERR0", "ERRMID"):
            raise RuntimeError("model refused, key sk-canary-0000")
        first, *rest = script(messages)
        return ChatResult(generations=[ChatGeneration(message=sum(rest, first))])

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        asked = scenario(messages)
        if asked == "ERR0":
            raise RuntimeError("model refused before anything, key sk-canary-0000")
        for at, piece in enumerate(script(messages)):
            await asyncio.sleep(0.001)
            yield ChatGenerationChunk(message=piece)
            if asked == "ERRMID" and at == 2:
                raise RuntimeError("model exploded mid-run, key sk-canary-0000")
            if asked.startswith("SLOW") and at == 2:
                begun.append(asked)
                # The server notices a closed connection when it writes.
                for _ in range(SLOW_STEPS):
                    await asyncio.sleep(0.05)
                    yield ChatGenerationChunk(message=part("... "))


@tool
def get_weather(city: str) -> dict:
    """The weather of a city."""
    return {"city": city, "sky": "clear"}


@tool
def explode() -> str:
    """Fails the run."""
    raise RuntimeError("tool blew up")


@tool
def refuse() -> str:
    """Fails, and the agent continues."""
    raise ValueError("not today")


@tool
def delete_file(path: str) -> str:
    """Asks before it deletes."""
    answer = interrupt({"name": "delete_file", "args": {"path": path}})
    return f"deleted {path}" if '"approved":true' in str(answer).replace(" ", "") else f"kept {path}"


@tool
def ask_user(question: str) -> str:
    """Asks the user."""
    return str(interrupt(question))


def handled(error: Exception) -> str:
    if isinstance(error, ValueError):
        return f"Error: {error}"
    raise error


async def chat(state: MessagesState):
    return {"messages": [await ScriptedModel().ainvoke(state["messages"])]}


def compiled():
    builder = StateGraph(MessagesState)
    builder.add_node("chat", chat)
    builder.add_node("tools", ToolNode([get_weather, explode, refuse, delete_file, ask_user], handle_tool_errors=handled))
    builder.add_edge(START, "chat")
    builder.add_conditional_edges("chat", lambda state: "tools" if state["messages"][-1].tool_calls else END, ["tools", END])
    builder.add_edge("tools", "chat")
    return builder.compile(checkpointer=InMemorySaver())


def watched(app: FastAPI):
    """Records the answers whose client left before their end."""

    async def serve(scope, receive, send):
        is_whole = False

        async def read():
            message = await receive()
            if message["type"] == "http.disconnect" and not is_whole:
                closed.append(scope["path"])
            return message

        async def write(message):
            nonlocal is_whole
            await send(message)
            is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)

        await app(scope, read, write)

    return serve


def served() -> FastAPI:
    app = FastAPI()
    registry = GraphRegistry()
    registry.register("agent", compiled())
    app.include_router(create_openai_router(registry), prefix="/graph/v1")
    app.include_router(create_responses_router(compiled(), service_name="agent"), prefix="/plain/v1")

    @app.get("/begun")
    async def slow_runs() -> list[str]:
        return begun

    @app.get("/closed")
    async def closed_early() -> list[str]:
        return closed

    app.mount("/fast", create_app(LangGraphAdapter(compiled(), model_name="agent"), api_key="secret-key"))
    return app


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    listener = socket.create_server(("127.0.0.1", parser.parse_args().port))
    server = uvicorn.Server(uvicorn.Config(watched(served()), log_level="critical"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    print(f'READY {{"port": {listener.getsockname()[1]}}}', flush=True)
    await serving


asyncio.run(main())
