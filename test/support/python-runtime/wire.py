"""The request bodies of the runtime wire, protocol.md section 3, as pydantic models.

They are stricter than a runtime must be: a field that the protocol does not name, one that is missing, or
one of another type is a 422, so that a test sees when what crossfade sends has drifted from the contract.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class HistoryMessage(Strict):
    role: Literal["user", "assistant", "system"]
    content: str


class AgentConfig(Strict):
    system_prompt: str
    model: str
    temperature: float
    max_tokens: int


class McpTool(Strict):
    name: str
    description: str
    parameters: dict[str, Any]


class McpServer(Strict):
    id: str
    name: str
    endpoint: str
    transport: str
    is_connected: bool
    auth_config: dict[str, Any] | None = None
    available_tools: list[McpTool]


class SubAgent(Strict):
    id: str
    name: str
    description: str
    system_prompt: str
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    skills: list[Any] | None = None
    mcp_servers: list[Any] | None = None


class Metadata(Strict):
    user_id: str
    run_id: str
    shadow: bool
    probe: bool
    # On shadows only: nothing may be called for real.
    dry_run: bool = False


class Execution(Strict):
    session_id: str
    agent_id: str
    org_id: str
    user_message: str
    history_messages: list[HistoryMessage]
    agent_config: AgentConfig
    available_mcp_servers: list[McpServer]
    available_sub_agents: list[SubAgent]
    metadata: Metadata


class Cancel(Strict):
    session_id: str
