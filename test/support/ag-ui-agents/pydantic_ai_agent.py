"""An agent of pydantic-ai whose model is a function."""

import asyncio
from collections.abc import AsyncIterator

from pydantic_ai import Agent, DeferredToolRequests, ModelRetry
from pydantic_ai.messages import BinaryContent, ModelMessage, ModelRequest, RetryPromptPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, DeltaThinkingPart, DeltaToolCall, FunctionModel
from scenario import scenario_of, slowly


def parts_of(messages: list[ModelMessage]) -> list[str]:
    return [part.part_kind for message in messages for part in message.parts]


def user_message(messages: list[ModelMessage]) -> str:
    prompts = [
        part.content
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, UserPromptPart)
    ]
    last = prompts[-1] if prompts else ""
    return last if isinstance(last, str) else " ".join(item for item in last if isinstance(item, str))


def files(messages: list[ModelMessage]) -> list[str]:
    """The type and size of each image and document in the user's messages."""
    prompts = [part.content for message in messages for part in message.parts if isinstance(part, UserPromptPart)]
    items = [item for prompt in prompts if not isinstance(prompt, str) for item in prompt]
    return [f"{item.media_type} {len(item.data)}" for item in items if isinstance(item, BinaryContent)]


def call(index: int, name: str, args: str, call_id: str) -> dict[int, DeltaToolCall]:
    return {index: DeltaToolCall(name=name, json_args=args, tool_call_id=call_id)}


async def words(text: str) -> AsyncIterator[str]:
    for word in text.split(" "):
        yield word + " "
        await asyncio.sleep(0)


async def stream(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator:
    last = messages[-1].parts[-1]
    if isinstance(last, ToolReturnPart | RetryPromptPart):
        for word in ["It ", "is ", "done."]:
            yield word
        return
    scenario = scenario_of(user_message(messages))
    if scenario == "ERR0":
        raise RuntimeError("secret-host-7: model refused before anything")
    if scenario == "TOOL":
        yield call(0, "get_weather", '{"city": "Par', "tc-1")
        yield {0: DeltaToolCall(json_args='is"}')}
    elif scenario == "TOOL2":
        yield "Two calls: "
        yield call(0, "get_weather", '{"city": "Paris"}', "tc-a")
        yield call(1, "get_weather", '{"city": "Rome"}', "tc-b")
    elif scenario == "BADTOOL":
        yield call(0, "explode", "{}", "tc-x")
    elif scenario == "RETRYTOOL":
        yield call(0, "refuse", "{}", "tc-r")
    elif scenario == "APPROVE":
        yield call(0, "delete_file", '{"path": "/x"}', "tc-del")
    elif scenario == "REASON":
        yield {0: DeltaThinkingPart(content="Let me ")}
        yield {0: DeltaThinkingPart(content="think. 让我想想")}
        yield "Answer after thinking."
    elif scenario == "SLOW":
        async for word in slowly():
            yield word
    elif scenario == "FILES":
        yield ", ".join(files(messages))
    elif scenario == "HISTORY":
        yield ",".join(parts_of(messages))
    else:
        async for word in words("Hello from a real pydantic-ai agent."):
            if scenario == "ERRMID" and word.startswith("real"):
                raise RuntimeError("secret-host-7: model exploded")
            yield word


agent = Agent(FunctionModel(stream_function=stream), output_type=[str, DeferredToolRequests])


@agent.tool_plain
async def get_weather(city: str) -> dict[str, str]:
    return {"city": city, "sky": "clear"}


@agent.tool_plain
async def explode() -> str:
    raise RuntimeError("secret-host-7: tool blew up")


@agent.tool_plain
async def refuse() -> str:
    raise ModelRetry("secret-host-7: try other arguments")


@agent.tool_plain(requires_approval=True)
async def delete_file(path: str) -> str:
    return f"deleted {path}"
