"""A graph of LangGraph whose model is a fake: a chat node, tools, and a node that writes state."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Annotated, Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import interrupt
from scenario import scenario_of, slowly
from typing_extensions import TypedDict


def call(name: str, args: str, call_id: str, index: int = 0) -> AIMessageChunk:
    chunk = {"name": name, "args": args, "id": call_id, "index": index, "type": "tool_call_chunk"}
    return AIMessageChunk(content="", tool_call_chunks=[chunk])


def more(args: str, index: int = 0) -> AIMessageChunk:
    return AIMessageChunk(
        content="",
        tool_call_chunks=[{"name": None, "args": args, "id": None, "index": index, "type": "tool_call_chunk"}],
    )


def text(content: str) -> AIMessageChunk:
    return AIMessageChunk(content=content)


async def answer(messages: list[BaseMessage]) -> AsyncIterator[AIMessageChunk]:
    if isinstance(messages[-1], ToolMessage):
        for word in ["It ", "is ", "done."]:
            yield text(word)
        return
    prompt = next(str(m.content) for m in reversed(messages) if isinstance(m, HumanMessage))
    scenario = scenario_of(prompt)
    if scenario == "ERR0":
        raise RuntimeError("secret-host-7: model refused before anything")
    if scenario == "TOOL":
        # All arguments in the first chunk are lost in the stream.
        first = ('{"city": "Paris"}', "") if "ARGSFIRST" in prompt else ("", '{"city": "Paris"}')
        yield call("get_weather", first[0], "tc-1")
        yield more(first[1])
    elif scenario == "TOOL2":
        yield text("Two calls: ")
        for index, (call_id, city) in enumerate([("tc-a", "Paris"), ("tc-b", "Rome")]):
            yield call("get_weather", "", call_id, index)
            yield more(json.dumps({"city": city}), index)
    elif scenario in ("BADTOOL", "RETRYTOOL", "APPROVE"):
        name = {"BADTOOL": "explode", "RETRYTOOL": "refuse", "APPROVE": "delete_file"}[scenario]
        yield call(name, "", f"tc-{name}")
        yield more('{"path": "/x"}' if scenario == "APPROVE" else "{}")
    elif scenario == "REASON":
        for thought in ["Let me ", "think."]:
            yield AIMessageChunk(content=[{"type": "thinking", "thinking": thought, "index": 0}])
        yield AIMessageChunk(content=[{"type": "text", "text": "Answer after thinking.", "index": 1}])
    elif scenario == "SLOW":
        async for word in slowly():
            yield text(word)
    elif scenario == "FILES":
        yield text(", ".join(files(messages)))
    elif scenario == "HISTORY":
        yield text(",".join(message.type for message in messages))
    else:
        for word in ["Hello ", "from ", "a ", "real ", "langgraph ", "agent."]:
            if scenario == "ERRMID" and word == "real ":
                raise RuntimeError("secret-host-7: model exploded")
            yield text(word)


def files(messages: list[BaseMessage]) -> list[str]:
    """Lists the media type and the bytes of each file in the messages. LangChain gives every model the same blocks."""
    blocks = [block for message in messages for block in message.content_blocks]
    return [f"{block['mime_type']} {len(b64decode(block['base64']))}" for block in blocks if "base64" in block]


class FakeModel(BaseChatModel):
    @property
    def _llm_type(self) -> str:
        return "fake"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for message in answer(messages):
            chunk = ChatGenerationChunk(message=message)
            if run_manager is not None:
                await run_manager.on_llm_new_token(str(message.content), chunk=chunk)
            yield chunk


@tool
async def get_weather(city: str) -> str:
    """The weather of a city."""
    return json.dumps({"city": city, "sky": "clear"})


@tool
async def explode() -> str:
    """Fails the run."""
    raise RuntimeError("secret-host-7: tool blew up")


@tool
async def refuse() -> str:
    """Fails, and the run continues."""
    raise ValueError("secret-host-7: try other arguments")


@tool
async def delete_file(path: str) -> str:
    """Deletes a file if the user approves it."""
    return f"answer {interrupt({'question': f'delete {path}?', 'path': path})}"


class State(TypedDict, total=False):
    messages: Annotated[list[BaseMessage], add_messages]
    document: str


def handled(error: ValueError) -> str:
    return f"Error: {error}"


def graph() -> CompiledStateGraph:
    model = FakeModel()

    async def chat(state: State) -> State:
        return {"messages": [await model.ainvoke(state["messages"])]}

    async def write(_: State) -> State:
        return {"document": "draft"}

    def after_chat(state: State) -> str:
        return "tools" if getattr(state["messages"][-1], "tool_calls", None) else "write"

    builder = StateGraph(State)
    builder.add_node("chat", chat)
    builder.add_node("tools", ToolNode([get_weather, explode, refuse, delete_file], handle_tool_errors=handled))
    builder.add_node("write", write)
    builder.add_edge(START, "chat")
    builder.add_conditional_edges("chat", after_chat, ["tools", "write"])
    builder.add_edge("tools", "chat")
    builder.add_edge("write", END)
    return builder.compile(checkpointer=MemorySaver())
