"""More scenarios: how the real runtime answers, where that is not how its wire reads.

Its own failures are said as text, its sub-agents speak through the same events, its steps run in parallel, and its
JSON is Python's. Steps and fields are those of scenarios.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from scenarios import BodyEnds, Fields, Step, call, complete, numbered, step_complete, step_start, texts, thinking

FAILED = "I encountered an error: Planning failed: no model. Please try again."
INCOMPLETE = "I completed the task but encountered an issue generating the response: Connection error."


def error_text(fields: Fields) -> Iterator[Step]:
    """A failure of the runtime's own model, said as an answer. after_text: text chunks before; chunks: of how many
    characters (absent: one chunk); text: what is said."""
    said = fields.get("text", INCOMPLETE if fields.get("after_text") else FAILED)
    yield thinking("正在初始化执行上下文...")
    yield from numbered(fields.get("after_text", 0))
    yield from texts(said, fields.get("chunks", len(said)))
    yield complete(fields, said)


def delegate(fields: Fields) -> Iterator[Step]:
    """A sub-agent's own text comes within its call. failed: the sub-agent says an error as its text."""
    own = FAILED if fields.get("failed") else "Ce que le sous-agent a trouvé."
    names = {"skill_id": "sub-1", "skill_name": "subagent:sub-1"}
    yield "skill_call_start", names | {"arguments": {"task": "g"}}
    yield from texts(own)
    outcome = {"result": own, "success": True, "error": None, "duration": 0}
    yield "skill_call_complete", names | outcome
    yield from texts("Voici la réponse.")
    yield complete(fields, "Voici la réponse.")


def parallel(fields: Fields) -> Iterator[Step]:
    """Two steps run one tool at the same time, and the second ends first."""
    for step_id in ("s1", "s2"):
        yield step_start(step_id, step_id, "search", of=step_id)
        yield "tool_call_start", {"tool_name": "search", "arguments": {"of": step_id}}
    for step_id in ("s2", "s1"):
        outcome = {"result": step_id, "success": True, "error": None, "duration": 1}
        yield "tool_call_complete", {"tool_name": "search"} | outcome
        yield step_complete(step_id, step_id, step_id)
    yield from texts("Fini.")
    yield complete(fields, "Fini.")


def numbers(fields: Fields) -> Iterator[Step]:
    """Results with the numbers that Python writes and JSON does not have."""
    result = {"mean": float("nan"), "most": float("inf"), "least": float("-inf"), "text": "NaN, Infinity"}
    yield from call("tool", {"limit": float("inf")}, {"result": result}, tool_name="statistics")
    yield from texts("Fini.")
    yield complete(fields, "Fini.")


def lost_chunk(fields: Fields) -> Iterator[Step]:
    """A text chunk in the middle arrives garbled. call: a tool runs between the texts."""
    yield from texts("Une réponse ")
    if fields.get("call"):
        yield from call("tool", {}, {"result": 1}, tool_name="search")
    yield b'data: {"event": "text_chunk", "data": {"content": "tout \xff\r\n\r\n'
    yield from texts("entière.")
    yield complete(fields, "Une réponse tout entière.")


def lost_call(fields: Fields) -> Iterator[Step]:
    """The start of a call arrives garbled; then as in `cut`. end: "complete" goes on to a normal end."""
    yield thinking()
    yield b'data: {"event": "tool_call_start", "data": {"tool_name": "charge", "arg\r\n\r\n'
    if fields.get("end") == "complete":
        yield from texts("Fini.")
        yield complete(fields, "Fini.")
        return
    yield float(fields.get("hold_ms", 50)) / 1000
    raise BodyEnds("cut")


def no_blank_line(fields: Fields) -> Iterator[Step]:
    """The body ends after the last event's line, without the blank line."""
    yield from texts("Fini.")
    yield b'data: {"event": "execution_complete", "data": {"final_response": "Fini."}}'
    raise BodyEnds("truncated")


def recording(fields: Fields) -> Iterator[Step]:
    """name: of an answer that the real runtime gave, byte for byte."""
    recordings = Path(__file__).parents[2] / "execution/runtime/recordings"
    for frame in (recordings / f"{fields['name']}.sse").read_bytes().split(b"\r\n\r\n")[:-1]:
        yield frame + b"\r\n\r\n"


REAL: dict[str, Callable[[Fields], Iterator[Step]]] = {
    "error-text": error_text,
    "delegate": delegate,
    "parallel": parallel,
    "numbers": numbers,
    "lost-chunk": lost_chunk,
    "lost-call": lost_call,
    "no-blank-line": no_blank_line,
    "recording": recording,
}
