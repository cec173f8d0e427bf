"""What the runtime peer can play: each scenario is a plain generator of steps, without clock or network.

A step is an event `(name, data)`, raw bytes for what no encoder would write, or a pause in seconds. A
scenario whose body does not run to a normal end raises `BodyEnds`. A docstring names the JSON fields that
its scenario reads. Any of them also takes `final_response` (instead of its own), `ping_ms`, `done` (false:
no [DONE]), and `split` (random, bytes1, utf8) with `seed` and `split_ms` (0.3, between two pieces).
"""

from collections.abc import Callable, Iterator
from typing import Any

Step = tuple[str, dict[str, Any]] | bytes | float
Fields = dict[str, Any]

REPORT = "ville,température\r\nBesançon,21\r\n東京,30\r\n".encode()

# What decoders break on: accents, a combining accent, CJK, flags, skin tones, ZWJ sequences, a line
# separator that JavaScript once took for a line end, and a line end that JSON must escape.
MULTIBYTE = (
    "Crème brûlée e\u0301 naïve – 日本語のテキスト 한국어 👍🏽 🇫🇷 "
    "👩\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 \u2028 line\nend. "
)

# A frame that is cut off, no JSON at all, JSON of another shape, and bytes that are not UTF-8.
GARBAGE = (
    b'data: {"event": "text_chunk", "data": {"content"\r\n\r\n',
    b"data: not json\r\n\r\n",
    b"data: []\r\n\r\n",
    b'data: {"event": "text_chunk", "data": "\xff\xfe\r\n\r\n',
)


class BodyEnds(Exception):
    """`how` is truncated (a clean end of the body), cut (FIN), reset (RST) or crash (no process)."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


def thinking(content: str = "Réflexion…", stage: str = "analyzing") -> Step:
    return "thinking", {"content": content, "stage": stage}


def chunk(content: str) -> Step:
    return "text_chunk", {"content": content}


def texts(text: str, size: int = 7) -> Iterator[Step]:
    for start in range(0, len(text), size):
        yield chunk(text[start : start + size])


def numbered(count: int) -> Iterator[Step]:
    for index in range(count):
        yield chunk(f"idée {index} ")


def complete(fields: Fields, text: str) -> Step:
    return "execution_complete", {"final_response": fields.get("final_response", text)}


def step_start(step_id: str, title: str, tool: str | None, **params: Any) -> Step:
    return "plan_step_start", {"step_id": step_id, "title": title, "tool": tool, "params": params}


def step_complete(step_id: str, title: str, result: Any) -> Step:
    return "plan_step_complete", {"step_id": step_id, "title": title, "result": result, "duration_ms": 12}


def call(kind: str, arguments: Fields, outcome: Fields, **names: str) -> Iterator[Step]:
    """The start and the completion of one tool, skill or MCP call."""
    yield f"{kind}_call_start", names | {"arguments": arguments}
    result = {"result": None, "success": True, "error": None, "duration": 12}
    yield f"{kind}_call_complete", names | result | outcome


def prelude(fields: Fields, after: str) -> Iterator[Step]:
    """after: nothing, thinking, text or tool_call; n: text chunks (3 for text, 0 for tool_call); partial."""
    after = fields.get("after", after)
    if after != "nothing":
        yield thinking()
    if after == "tool_call":
        yield "plan_created", {"steps": [{"id": "s1", "title": "Charge the card"}]}
        yield step_start("s1", "Charge the card", "charge", amount=42)
    if after in ("text", "tool_call"):
        yield from numbered(fields.get("n", 3 if after == "text" else 0))
    if after == "tool_call":
        yield "tool_call_start", {"tool_name": "charge", "arguments": {"amount": 42}}
    if fields.get("partial"):
        yield b'data: {"event": "text_chunk", "data": {"conte'


def echo(fields: Fields) -> Iterator[Step]:
    """message: what to echo, else the whole user_message."""
    text = f"You said: {fields['message']}"
    yield thinking()
    yield from texts(text)
    yield complete(fields, text)


def steps_of_all() -> Iterator[Step]:
    plan = {"s1": "Search", "s2": "Summarise", "s3": "Look up", "s4": "Write"}
    yield "plan_created", {"steps": [{"id": key, "title": title} for key, title in plan.items()]}
    yield step_start("s1", "Search", "search", query="météo")
    yield from call("tool", {"query": "météo"}, {"result": {"hits": 3}}, tool_name="search")
    yield step_complete("s1", "Search", {"hits": 3})
    yield step_start("s2", "Summarise", None)
    names = {"skill_id": "sk-1", "skill_name": "summarise", "tool_name": "summarise"}
    yield from call("skill", {"length": "short"}, {"result": "概要"}, **names)
    yield step_complete("s2", "Summarise", "概要")
    yield step_start("s3", "Look up", "lookup", id=7)
    missing = {"success": False, "error": "no such record"}
    yield from call("mcp", {"id": 7}, missing, server_id="mcp-1", tool_name="lookup")
    yield "plan_step_failed", {"step_id": "s3", "title": "Look up", "error": "no such record"}
    yield "ping", {}
    yield step_start("s4", "Write", None)


def all_events(fields: Fields) -> Iterator[Step]:
    """end: "error" ends with execution_error instead of execution_complete, for the sixteenth type."""
    yield thinking()
    yield from steps_of_all()
    yield from texts(MULTIBYTE, 3)
    report = {"file_id": "f-1", "filename": "report.csv", "mime_type": "text/csv"}
    yield "file_created", report | {"size": len(REPORT), "url": "/files/f-1/report.csv"}
    yield step_complete("s4", "Write", None)
    yield thinking("Vérification", "concluding")
    yield failure(fields) if fields.get("end") == "error" else complete(fields, MULTIBYTE)


def final_only(fields: Fields) -> Iterator[Step]:
    """final_response."""
    yield thinking()
    yield complete(fields, "Voilà toute la réponse.")


def failure(fields: Fields) -> Step:
    optional = {key: fields[key] for key in ("code", "httpStatus", "details", "traceId") if key in fields}
    return "execution_error", {"error": fields.get("error", "scenario error")} | optional


def error(fields: Fields) -> Iterator[Step]:
    """after_text: text chunks before; error (the text), code, httpStatus, details, traceId: as given."""
    yield from numbered(fields.get("after_text", 0))
    yield failure(fields)


def hang(fields: Fields) -> Iterator[Step]:
    """after ("nothing"), n: as in cut; ping_ms: between the ping events too."""
    yield from prelude(fields, "nothing")
    while True:
        yield float(fields["ping_ms"] or 1000) / 1000
        yield "ping", {}


def slow(fields: Fields) -> Iterator[Step]:
    """count (5) text chunks, delay_ms (100) before each."""
    chunks = list(numbered(fields.get("count", 5)))
    for step in chunks:
        yield float(fields.get("delay_ms", 100)) / 1000
        yield step
    yield complete(fields, "".join(f"idée {index} " for index in range(len(chunks))))


def ends(how: str) -> Callable[[Fields], Iterator[Step]]:
    def scenario(fields: Fields) -> Iterator[Step]:
        """after ("text"), n, partial: see prelude; hold_ms (50) before the end; reset: RST, not FIN."""
        yield from prelude(fields, "text")
        # A client drops what it has not read yet when its connection breaks.
        yield float(fields.get("hold_ms", 50)) / 1000
        raise BodyEnds("reset" if how == "cut" and fields.get("reset") else how)

    return scenario


def garbage(fields: Fields) -> Iterator[Step]:
    """n (3): undecodable events in a row."""
    for index in range(fields.get("n", 3)):
        yield GARBAGE[index % len(GARBAGE)]
    yield from numbered(3)
    yield complete(fields, "idée 0 idée 1 idée 2 ")


def unknown(fields: Fields) -> Iterator[Step]:
    yield chunk("avant ÷ ")
    yield "telemetry_sample", {"cpu": 0.5}
    yield chunk("après")
    yield complete(fields, "avant ÷ après")


def done_only(_fields: Fields) -> Iterator[Step]:
    yield from texts("Pas d’événement final, rien que la marque.")


def burst(fields: Fields) -> Iterator[Step]:
    """count (1000) text chunks, each padded to size (0) characters; final_response is empty."""
    for index in range(fields.get("count", 1000)):
        yield chunk(f"{index} ".ljust(fields.get("size", 0), "."))
    yield complete(fields, "")


def agent(fields: Fields) -> Iterator[Step]:
    """plan_ms (0): silence before the plan; call_ms (0): silence while the tool works."""
    yield thinking("Analyse", "planning")
    yield float(fields.get("plan_ms", 0)) / 1000
    yield "plan_created", {"steps": [{"id": "s1", "title": "Search"}]}
    started, ended = call("tool", {"query": "météo"}, {"result": {"hits": 3}}, tool_name="search")
    yield started
    yield float(fields.get("call_ms", 0)) / 1000
    yield ended
    yield from numbered(1)
    yield complete(fields, "idée 0 ")


def failing_calls(fields: Fields) -> Iterator[Step]:
    """A step, a tool, a skill and an MCP tool fail, and say why. error (the text)."""
    why = fields.get("error", "scenario error")
    outcome = {"success": False, "error": why, "result": {"trace": why}}
    yield "plan_created", {"steps": [{"id": "s1", "title": "Search"}]}
    yield step_start("s1", "Search", None)
    yield from call("tool", {}, outcome, tool_name="search")
    yield from call("skill", {}, outcome, skill_id="sk-1", skill_name="summarise")
    yield from call("mcp", {}, outcome, server_id="mcp-1", tool_name="lookup")
    yield "plan_step_failed", {"step_id": "s1", "title": "Search", "error": why}
    yield from numbered(1)
    yield complete(fields, "idée 0 ")


def two_plans(fields: Fields) -> Iterator[Step]:
    """A tool fails in a first plan. An error ends a second plan, with equal step ids, inside of an MCP call.

    hold_ms (0): silence in the MCP call; error (the text), code, httpStatus, details, traceId: as given.
    """
    yield thinking("Two ways are possible.", "planning")
    first = {"s1": "Find the order", "s2": "Check the stock"}
    yield "plan_created", {"steps": [{"id": key, "title": title} for key, title in first.items()]}
    yield step_start("s1", "Find the order", "search", query="order 7")
    yield from call("tool", {"query": "order 7"}, {"result": {"hits": 3}}, tool_name="search")
    yield step_complete("s1", "Find the order", {"hits": 3})
    yield step_start("s2", "Check the stock", "stock")
    why = {"success": False, "error": "no such shelf"}
    yield from call("tool", {"shelf": 4}, why, tool_name="stock")
    yield "plan_step_failed", {"step_id": "s2", "title": "Check the stock", "error": "no such shelf"}
    yield chunk("The first way failed. ")
    second = {"s1": "Read the manual", "s2": "Ask the archive", "s3": "Write"}
    yield "plan_created", {"steps": [{"id": key, "title": title} for key, title in second.items()]}
    yield step_start("s1", "Read the manual", None)
    names = {"skill_id": "sk-1", "skill_name": "manual", "tool_name": "manual"}
    yield from call("skill", {"page": 4}, {"result": "概要"}, **names)
    yield step_complete("s1", "Read the manual", "概要")
    yield step_start("s2", "Ask the archive", "archive", id=7)
    yield "mcp_call_start", {"server_id": "mcp-1", "tool_name": "archive", "arguments": {"id": 7}}
    yield float(fields.get("hold_ms", 0)) / 1000
    yield failure(fields)


def planned_cut(fields: Fields) -> Iterator[Step]:
    """A body that breaks while a step runs, after text and without a call. n (3): text chunks."""
    yield thinking("A plan is needed.", "planning")
    yield "plan_created", {"steps": [{"id": "s1", "title": "Draft"}, {"id": "s2", "title": "Review"}]}
    yield step_start("s1", "Draft", None)
    yield from numbered(fields.get("n", 3))
    # A client drops what it has not read yet when its connection breaks.
    yield float(fields.get("hold_ms", 50)) / 1000
    raise BodyEnds("cut")


def files(fields: Fields) -> Iterator[Step]:
    """files: a list of the data of `file_created`."""
    for file in fields["files"]:
        yield "file_created", {"filename": "a.bin", "mime_type": "application/octet-stream"} | file
    yield chunk("made")
    yield complete(fields, "made")


SCENARIOS: dict[str, Callable[[Fields], Iterator[Step]]] = {
    "echo": echo,
    "all": all_events,
    "final-only": final_only,
    "error": error,
    "hang": hang,
    "slow": slow,
    "cut": ends("cut"),
    "truncate": ends("truncated"),
    "crash": ends("crash"),
    "garbage": garbage,
    "unknown": unknown,
    "done-only": done_only,
    "burst": burst,
    "agent": agent,
    "failing-calls": failing_calls,
    "files": files,
    "two-plans": two_plans,
    "planned-cut": planned_cut,
}
