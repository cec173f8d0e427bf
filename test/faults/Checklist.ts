/**
 * The faults that the service must bear, and what is expected then. A test that covers one begins its name, or the name of
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
    "heartbeats on time, memory and handles back at the end",
    "Takes minutes and a machine of its own: `npm run bench`.",
  ),
  item(
    "L2",
    "1000 streams of 20 events a second",
    "none lost, doubled or in another order",
    "Takes minutes and a machine of its own: `npm run bench`.",
  ),
  item("L3", "2000 messages within a second", "taken, or 429 or 503 with a time to come back"),
  item(
    "L4",
    "hours of load with a random fault every few seconds",
    "no turn without an end, memory and handles back at the end",
    "A minute in the normal suite; `npm run soak -- --minutes 120` for hours.",
  ),
  item("L5", "readers that read nothing", "the run and other readers go on, and memory is bounded"),
  item(
    "L6",
    "a stream more than a user or an organisation may have",
    "429; a place is free soon after a reader left",
  ),
]

const crashes: ReadonlyArray<Item> = [
  item("D1", "kill -9 under load", "no acknowledged message lost or doubled, each run ends once"),
  item("D2", "a planned stop under load", "nothing new is taken, streams end or are sent on, exit code 0"),
  item("D3", "a reader that comes back at any event, at any replica", "the exact rest"),
  item("D4", "one request sent many times under one key", "one run, and its answer for all of them"),
  item("D5", "a store that fails at a write", "no acknowledgement before the commit"),
  item(
    "D6",
    "a runtime that hangs after a call has begun",
    "the call runs once, and the runtime is told to stop",
  ),
  item("D7", "a breaker's state lost or disputed", "it stays as it was, or turns local"),
]

const upstreams: ReadonlyArray<Item> = [
  item(
    "U1",
    "an answer cut at every byte, by FIN or RST",
    "one end; no broken character; another upstream where allowed",
  ),
  item("U2", "an answer in any pieces, with any line end", "the same events"),
  item("U3", "mutated bytes", "no crash; valid events only"),
  item("U4", "a line, an event or comments without a measure", "failed at the limit; comments cost nothing"),
  item("U5", "odd events, two ends, no end", "skipped; the first end counts; no end is a failure"),
  item(
    "U6",
    "latency, low bandwidth, silence, reset, close, in each phase",
    "the clock or the failure that the policy names",
  ),
  item(
    "U7",
    "a runtime that hangs, is slow, fails or flaps, over time",
    "the targets of the fallback policy",
  ),
  item(
    "U8",
    "a redirect, a bomb, odd or endless headers",
    "not followed, refused, or ended by the first clock",
  ),
]

const clients: ReadonlyArray<Item> = [
  item("C1", "requests that come byte by byte", "closed; other requests go on"),
  item(
    "C2",
    "a body, a header or a number of keys that is too large",
    "413, 431 or 400, without reading it to its end",
  ),
  item("C3", "a request that two servers would read in two ways", "400, and the connection is closed"),
  item(
    "C4",
    "thousands of clients that leave at any moment",
    "the upstream is told, and nothing is left behind",
  ),
  item(
    "C5",
    "every form of JSON and of text",
    "what is valid is taken and kept to the byte, the rest is 400",
  ),
  item("C6", "HTTP/2 attacks", "", "HTTP/2 is not served: a proxy in front speaks it."),
  item(
    "C7",
    "proxies that buffer, compress or close silent streams",
    "headers and heartbeats keep the stream",
  ),
  item("C8", "pages of other origins, other types of body, a token in the URL", "403 or no header; 415; 401"),
]

const dependencies: ReadonlyArray<Item> = [
  item("E1", "the database is away or slow", "new turns 503, running ones go on and are stored later"),
  item("E2", "Redis is away or slow", "no failed turn; limits and breaker turn local"),
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
    "addresses of internal hosts in every field that names one",
    "no connection; no internal host at a client",
  ),
  item("X6", "secrets in every place that knows one", "none in a log, an answer, a trace or a metric"),
  item("X7", "internal errors", "a general sentence and an id"),
  item("X8", "control characters in what is logged", "encoded; no content of messages in the log"),
  item("X9", "loops and spenders", "limits hold within 5 %"),
  item("X10", "model output that looks like a protocol or a page", "data, character for character"),
  item("X11", "forged forwarding headers and request ids", "ignored or replaced"),
  item(
    "X12",
    "dependencies that are not what they were",
    "every package pinned by its hash",
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
