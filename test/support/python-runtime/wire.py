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
    # The real runtime has a default for each, and obeys what is sent.
    system_prompt: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


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
    # Unlike the agent's own they may be left out and may not be null.
    temperature: float = 0.7
    max_tokens: int = 4096
    skills: list[str] = []
    mcp_servers: list[McpServer] = []


class Attachment(Strict):
    fileId: str
    filename: str
    mediaType: str
    bytes: int
    url: str


class Metadata(Strict):
    user_id: str
    run_id: str
    shadow: bool
    probe: bool
    # On shadows only: nothing may be called for real.
    dry_run: bool = False
    # With files only.
    attachments: list[Attachment] | None = None


class Execution(Strict):
    """The history ends with the current message; a runtime that reads it does not look at `user_message`."""

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
