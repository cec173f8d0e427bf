"""A graph on LangGraph's own server with a model that follows a script: the user's last message chooses the scenario.

The model, the tools and the interrupt are LangChain's and LangGraph's own classes, so that every byte on the wire is the
server's.
"""

import asyncio
from base64 import b64decode
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, RemoveMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Send, interrupt

# Long enough for a test to cancel the run or to kill the server.
PAUSE_SECONDS = 30


def scenario(messages: list[BaseMessage]) -> str:
    return str(next(m for m in reversed(messages) if isinstance(m, HumanMessage)).content).strip()


def chunk(content: Any = "", **fields: Any) -> AIMessageChunk:
    return AIMessageChunk(content=content, **fields)


def call(name: str, args: str, id: str, index: int = 0) -> list[AIMessageChunk]:
    """A call as providers stream it: the name first, then the arguments in two parts."""
    half = len(args) // 2
    parts = [(name, "", id), (None, args[:half], None), (None, args[half:], None)]
    return [
        chunk(tool_call_chunks=[{"name": n, "args": a, "id": i, "index": index, "type": "tool_call_chunk"}])
        for n, a, i in parts
    ]


def words(text: str) -> list[AIMessageChunk]:
    return [chunk(word) for word in text.split(" ") for word in [word + " "]]


CALLS = {
    "TOOL": call("get_weather", '{"city": "Paris"}', "tc-1"),
    "BADTOOL": call("explode", "{}", "tc-x"),
    "SOFTTOOL": call("refuse", "{}", "tc-s"),
    "TOOL2": call("get_weather", '{"city": "Paris"}', "tc-1") + call("get_weather", '{"city": "Rome"}', "tc-2", 1),
    "APPROVE": call("delete_file", '{"path": "/x"}', "tc-del"),
    "APPROVE2": call("delete_file", '{"path": "/x"}', "tc-a") + call("delete_file", '{"path": "/y"}', "tc-b", 1),
    "INNER": call("ask_model", "{}", "tc-i"),
}

USAGE = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}


def script(messages: list[BaseMessage]) -> list[AIMessageChunk]:
    asked = scenario(messages)
    last = messages[-1]
    if isinstance(last, ToolMessage):
        return [*words("It is done."), chunk(usage_metadata=USAGE)]
    if asked in CALLS:
        # Streaming writes the id of its message into each chunk.
        return [each.model_copy() for each in CALLS[asked]]
    if asked == "REASON":
        thinking = [chunk([{"type": "thinking", "thinking": t, "index": 0}]) for t in ("Let me ", "think.")]
        return [*thinking, chunk([{"type": "text", "text": "Answer after thinking.", "index": 1}])]
    if "FILES" in asked:
        blocks = [block for message in messages for block in message.content_blocks]
        found = [f"{block['mime_type']} {len(b64decode(block['base64']))}" for block in blocks if "base64" in block]
        return [chunk(", ".join(found))]
    if asked == "HISTORY":
        said = " | ".join(f"{m.type}: {m.text}" for m in messages)
        return [chunk(said)]
    return [*words("Hello from a real langgraph agent."), chunk(usage_metadata=USAGE)]


class ScriptedModel(BaseChatModel):
    """Streams its script, as a provider's model does."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        whole = script(messages)[0]
        for part in script(messages)[1:]:
            whole = whole + part
        return ChatResult(generations=[ChatGeneration(message=whole)])

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        asked = scenario(messages)
        if asked == "ERR0":
            raise RuntimeError("model refused before anything")
        for at, part in enumerate(script(messages)):
            await asyncio.sleep(0.001)
            yield ChatGenerationChunk(message=part)
            if asked == "ERRMID" and at == 2:
                raise RuntimeError("model exploded mid-run")
            if asked == "SLOW" and at == 2:
                await asyncio.sleep(PAUSE_SECONDS)


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
    raise ValueError("password=hunter2 refused")


@tool
def delete_file(path: str) -> str:
    """Asks before it deletes."""
    answer = interrupt({"question": f"delete {path}?", "path": path})
    return f"answer {path}: {answer}"


@tool
async def ask_model() -> str:
    """Asks a model within the tool."""
    answer = await ScriptedModel().ainvoke([HumanMessage("INSIDE")])
    return answer.text


tools = [get_weather, explode, refuse, delete_file, ask_model]


def handle(error: Exception) -> str:
    if isinstance(error, ValueError):
        return f"Error: {error}"
    raise error


async def chat(state: MessagesState):
    asked = scenario(state["messages"])
    if asked == "WHOLE" or asked.startswith("COUNT"):
        # A message that no model streamed: it is only in the state.
        count = sum(isinstance(m, HumanMessage) for m in state["messages"])
        return {"messages": [AIMessage(f"Not streamed, {count} questions.")]}
    if asked == "EMPTY":
        return {"messages": []}
    if asked == "CUSTOM":
        writer = get_stream_writer()
        writer({"type": "progress", "data": {"current": 1, "total": 2, "percentage": 50, "label": "Half"}})
        writer({"anything": "else"})
        writer("text")
    return {"messages": [await ScriptedModel().ainvoke(state["messages"])]}


def route(state: MessagesState):
    last = state["messages"][-1]
    calls = getattr(last, "tool_calls", None) or []
    # One task for each call, as LangChain's agents do, so that each may ask.
    return [Send("tools", [each]) for each in calls] or END


async def quiet(state: MessagesState):
    """A model call of the agent's own that is no part of the answer."""
    if scenario(state["messages"]) == "QUIET":
        await ScriptedModel().with_config(tags=["nostream"]).ainvoke([HumanMessage("SECRET")])
    return {}


builder = StateGraph(MessagesState)
builder.add_node("quiet", quiet)
builder.add_node("chat", chat)
builder.add_node("tools", ToolNode(tools, handle_tool_errors=handle))
builder.add_edge(START, "quiet")
builder.add_edge("quiet", "chat")
builder.add_conditional_edges("chat", route, ["tools", END])
builder.add_edge("tools", "chat")
graph = builder.compile()

# An agent with sub-agents: `team` runs the graph above as a subgraph and then writes the answer itself.
team_builder = StateGraph(MessagesState)


async def research(state: MessagesState):
    found = await graph.ainvoke({"messages": [HumanMessage("TEXT")]})
    return {"messages": [AIMessage(f"The team found: {found['messages'][-1].text.strip()}")]}


team_builder.add_node("research", research)
team_builder.add_edge(START, "research")
team_builder.add_edge("research", END)
team = team_builder.compile()
