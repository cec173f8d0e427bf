"""Calls a gateway with a published Python client and prints what the client gave, as JSON.

caller.py CLIENT URL KEY MODEL: CLIENT is openai or litellm. Lines of standard input are requests: {"content", "stream",
"headers"}; each gives one line: {"text", "reasoning", "finish", "tokens", "error": {"class", "code"}}.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

client_name, url, key, model = sys.argv[1:]


def ask(request: dict[str, Any]) -> Any:
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": request["content"]}],
        "extra_headers": request.get("headers", {}),
    }
    if request.get("stream"):
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    # Each import takes seconds.
    if client_name == "openai":
        import openai

        client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
        return client.chat.completions.create(model=model, **body)
    import litellm

    return litellm.completion(model=f"openai/{model}", api_base=url, api_key=key, max_retries=0, **body)


def merge(found: dict[str, Any], answer: Any) -> None:
    """Adds a completion, or a chunk of one."""
    for choice in answer.choices:
        part = getattr(choice, "delta", None) or choice.message
        found["text"] += part.content or ""
        found["reasoning"] += getattr(part, "reasoning_content", None) or ""
        found["finish"] = choice.finish_reason or found["finish"]
    usage = getattr(answer, "usage", None)
    found["tokens"] = usage.total_tokens if usage else found["tokens"]


def result(request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"text": "", "reasoning": "", "finish": None, "tokens": None, "error": None}
    try:
        answer = ask(request)
        parts: Iterable[Any] = answer if request.get("stream") else [answer]
        for part in parts:
            merge(found, part)
    except Exception as error:
        names = [cls.__name__ for cls in type(error).__mro__]
        found["error"] = {"classes": names, "code": getattr(error, "code", None), "text": str(error)}
    return found


for line in sys.stdin:
    print(json.dumps(result(json.loads(line))), flush=True)
