/**
 * The faults that the service must survive, and the expected behaviour. A test of a fault starts its name, or the name of
 * its suite, with the id and a colon; `docs/reference/faults.md` is printed from this list, these names and the rows that
 * the tests of this folder measured.
 */
export interface Item {
  readonly id: string
  readonly fault: string
  readonly expected: string
  /** Where no test of the normal suite covers it, or only a part of it. */
  readonly note?: string
}

const item = (id: string, fault: string, expected: string, note?: string): Item =>
  note === undefined ? { id, fault, expected } : { id, fault, expected, note }

const load: ReadonlyArray<Item> = [
  item(
    "L1",
    "10 000 idle streams",
    "heartbeats on time, memory and handles released at the end",
    "Needs minutes and its own machine: `npm run bench`.",
  ),
  item(
    "L2",
    "1000 streams of 20 events a second",
    "no event lost, repeated or out of order",
    "Needs minutes and its own machine: `npm run bench`.",
  ),
  item("L3", "2000 messages within a second", "accepted, or 429 or 503 with a retry time"),
  item(
    "L4",
    "hours of load with a random fault every few seconds",
    "each turn ends, memory and handles released at the end",
    "A minute in the normal suite; `npm run soak -- --minutes 120` for hours.",
  ),
  item("L5", "readers that do not read", "the run and other readers continue, and memory is bounded"),
  item(
    "L6",
    "one stream above the limit of a user or an organisation",
    "429; a place is free soon after a reader leaves",
  ),
]

const crashes: ReadonlyArray<Item> = [
  item("D1", "kill -9 under load", "no acknowledged message lost or repeated, each run ends once"),
  item("D2", "a planned stop under load", "no new turns, streams end or continue elsewhere, exit code 0"),
  item("D3", "a reader that reconnects after any event, to any replica", "exactly the remaining events"),
  item("D4", "one request sent many times with one key", "one run, whose answer all of them get"),
  item("D5", "a store that fails at a write", "no acknowledgement before the commit"),
  item(
    "D6",
    "a runtime that hangs after a call has started",
    "the call runs once, and the runtime gets a cancel",
  ),
  item("D7", "a breaker's state lost or disputed", "it stays unchanged, or becomes local"),
]

const upstreams: ReadonlyArray<Item> = [
  item(
    "U1",
    "an answer cut at every byte, by FIN or RST",
    "one end; no broken character; another upstream if allowed",
  ),
  item("U2", "an answer cut anywhere, with any line end", "the same events"),
  item("U3", "mutated bytes", "no crash; valid events only"),
  item("U4", "a line, an event or comments of unlimited length", "fails at the limit; comments cost nothing"),
  item("U5", "odd events, two ends, no end", "skipped; the first end counts; no end is a failure"),
  item(
    "U6",
    "latency, low bandwidth, silence, reset, close, in each phase",
    "the timeout or error of the policy",
  ),
  item(
    "U7",
    "a runtime that hangs, is slow, fails or flaps, over time",
    "the targets of the fallback policy",
  ),
  item(
    "U8",
    "a redirect, a bomb, odd or endless headers",
    "not followed, refused, or ended by the first timeout",
  ),
]

const clients: ReadonlyArray<Item> = [
  item("C1", "requests that arrive byte by byte", "closed; other requests continue"),
  item(
    "C2",
    "a body, a header or a number of keys that is too large",
    "413, 431 or 400, without reading it to its end",
  ),
  item("C3", "a request that two servers would read differently", "400, and the connection is closed"),
  item(
    "C4",
    "thousands of clients that disconnect at any moment",
    "the upstream gets a cancel, and nothing leaks",
  ),
  item(
    "C5",
    "every form of JSON and of text",
    "valid input is accepted and preserved byte for byte, the rest gets 400",
  ),
  item("C6", "HTTP/2 attacks", "", "The service has no HTTP/2; a proxy in front of it does."),
  item(
    "C7",
    "proxies that buffer, compress or close silent streams",
    "headers and heartbeats keep the stream",
  ),
  item("C8", "pages of other origins, other types of body, a token in the URL", "403 or no header; 415; 401"),
]

const dependencies: ReadonlyArray<Item> = [
  item("E1", "the database is away or slow", "new turns get 503, running ones continue and are stored later"),
  item("E2", "Redis is away or slow", "no failed turn; limits and breaker become local"),
  item("E3", "an identity provider's keys cannot be fetched", "known keys stay in use; few fetches"),
  item("E4", "a clock that jumps, an event loop that stalls", "nothing trips and nothing expires"),
]

const security: ReadonlyArray<Item> = [
  item("X1", "forged, foreign and expired tokens", "401"),
  item("X2", "another tenant's ids on every route", "404"),
  item("X3", "fields that no caller may set", "ignored or 400"),
  item("X4", "line ends, NUL and separators in events", "the same events at the reader"),
  item(
    "X5",
    "addresses of internal hosts in each field with an address",
    "no connection; no internal host at a client",
  ),
  item("X6", "secrets in each place that has one", "none in a log, an answer, a trace or a metric"),
  item("X7", "internal errors", "a general sentence and an id"),
  item("X8", "control characters in logged values", "encoded; no content of messages in the log"),
  item("X9", "clients that loop or spend too much", "limits hold within 5 %"),
  item("X10", "model output that looks like a protocol or a page", "data, character for character"),
  item("X11", "forged forwarding headers and request ids", "ignored or replaced"),
  item(
    "X12",
    "dependencies with changed content",
    "each package is pinned by its hash",
    "`npm run audit` asks the registry.",
  ),
  item("X13", "a bug anywhere", "the process lives, and the turn ends once"),
]

export const checklist: ReadonlyArray<Item> = [
  ...load,
  ...crashes,
  ...upstreams,
  ...clients,
  ...dependencies,
  ...security,
]
