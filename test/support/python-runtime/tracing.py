"""The runtime's part in a caller's trace: one server span an execution, below the `traceparent` that came with it.

It is exported by OpenTelemetry's own SDK, which reads the standard's variables, and only where OTEL_EXPORTER_OTLP_ENDPOINT
is set: without it nothing of OpenTelemetry is loaded.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.types import Scope

TRACED = "/api/v1/execute/stream"


def start() -> Any:
    """The tracer; None where nothing is exported."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "agent-runtime"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("python-runtime")


tracer = start()


@contextmanager
def server_span(scope: Scope) -> Iterator[None]:
    """As long as the body of one execution."""
    if tracer is None or scope["type"] != "http" or scope["path"] != TRACED:
        yield
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    caller = TraceContextTextMapPropagator().extract(headers)
    attributes = {"http.request.method": scope["method"], "http.route": TRACED}
    with tracer.start_as_current_span(f"POST {TRACED}", caller, SpanKind.SERVER, attributes):
        yield
