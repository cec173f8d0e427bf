import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import type { Webhook, WebhookForm } from "../../src/domain/Webhook.ts"
import { mostWaiting } from "../../src/notify/WebhookQueue.ts"
import * as Webhooks from "../../src/notify/Webhooks.ts"
import * as UpstreamProxy from "../../src/execution/UpstreamProxy.ts"
import * as Logs from "../../src/telemetry/Logs.ts"
import { catalogue } from "../../src/telemetry/Metrics.ts"
import { eventually } from "../support/chatClient.ts"
import { startProxy } from "../support/forwardProxy.ts"
import { type Receiver, startReceiver, testKey } from "../support/webhookReceiver.ts"
import { notification } from "./notification.ts"

/** A signature holds for five minutes around the receiver's own time, so the test's time begins there. */
const receiver = (form: WebhookForm, port?: number) =>
  Effect.acquireRelease(
    Effect.promise(() => startReceiver(form, port)),
    (one) => Effect.promise(() => one.stop()),
  )

const now = TestClock.setTime(Date.now())

const webhook = (form: WebhookForm, url: string, name: string = form): Webhook => ({
  name,
  form,
  url: Redacted.make(url),
  secret: form === "json" ? Redacted.make(testKey) : undefined,
})

/** The service over these webhooks, with its log. Each test has metrics of its own. */
const service = (webhooks: ReadonlyArray<Webhook>, lines: Array<string> = []) =>
  Webhooks.layer(webhooks).pipe(
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.provideMerge(Logger.layer([Logger.map(Logs.json, (line) => void lines.push(line))])),
  )

const send = (...ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { offer } = yield* Webhooks.Webhooks
    for (const id of ids) yield* offer(notification({ id }))
  })

const receipt = (wanted: () => boolean) => Effect.promise(() => eventually(async () => wanted()))
/** Passes time. A request takes real time, so each second of the test takes a little of it. */
const waitUntil = (wanted: () => boolean) =>
  Effect.repeat(
    Effect.andThen(
      TestClock.adjust("1 second"),
      Effect.promise(() => new Promise((done) => setTimeout(done, 5))),
    ),
    { until: wanted, times: 100_000 },
  )

const idsOf = (one: Receiver) => one.received.map(({ headers }) => headers["webhook-id"])

const count = (target: string, result: string) =>
  Effect.map(Metric.snapshot, (all) => {
    const found = all.find(
      ({ attributes, id }) =>
        id === catalogue.notificationDeliveries.name &&
        attributes?.["target"] === target &&
        attributes?.["result"] === result,
    )
    return found?.type === "Counter" ? Number(found.state.count) : undefined
  })

describe("the delivery to webhooks", () => {
  it.effect("reaches each form's receiver, in order", () =>
    Effect.gen(function* () {
      yield* now
      const forms = ["json", "slack", "teams"] as const
      const receivers = yield* Effect.forEach(forms, receiver)
      const webhooks = receivers.map(({ url }, index) => webhook(forms[index]!, url))
      yield* Effect.provide(
        Effect.andThen(
          send("1", "2", "3"),
          receipt(() => receivers.every(({ received }) => received.length === 3)),
        ),
        service(webhooks),
      )
      assert.deepStrictEqual(idsOf(receivers[0]!), ["1", "2", "3"])
      assert.deepStrictEqual(
        receivers.map(({ tries }) => tries.length),
        [3, 3, 3],
      )
    }),
  )

  it.effect("repeats a refusal that may pass, with the same id and a new time, and keeps the order", () =>
    Effect.gen(function* () {
      yield* now
      const one = yield* receiver("json")
      one.answers.push({ status: 503 }, { status: 500, body: "rollup_error" })
      yield* Effect.provide(
        Effect.andThen(
          send("1", "2"),
          waitUntil(() => one.received.length === 2),
        ),
        service([webhook("json", one.url)]),
      )
      assert.deepStrictEqual(
        one.tries.map(({ headers }) => headers["webhook-id"]),
        ["1", "1", "1", "2"],
      )
      const [first, , third] = one.tries.map(({ headers }) => Number(headers["webhook-timestamp"]))
      assert.isAbove(third!, first!)
    }),
  )

  it.effect("waits as long as a 429 asks for", () =>
    Effect.gen(function* () {
      yield* now
      const one = yield* receiver("slack")
      one.answers.push({ status: 429, headers: { "retry-after": "30" } })
      yield* Effect.gen(function* () {
        yield* send("1")
        yield* receipt(() => one.tries.length === 1)
        for (let second = 0; second < 29; second++) yield* waitUntil(() => true)
        assert.lengthOf(one.tries, 1)
        yield* waitUntil(() => one.received.length === 1)
      }).pipe(Effect.provide(service([webhook("slack", one.url)])))
    }),
  )

  it.effect(
    "gives up a final refusal at once, names it once without its address, and goes to the next",
    () => {
      const lines: Array<string> = []
      return Effect.gen(function* () {
        yield* now
        const one = yield* receiver("slack")
        one.answers.push(
          { status: 404, body: "no_service" },
          { status: 302, headers: { location: "/elsewhere" } },
        )
        yield* Effect.gen(function* () {
          yield* send("1", "2", "3")
          yield* receipt(() => one.received.length === 1)
          const { tryEach } = yield* Webhooks.Webhooks
          const [tried] = yield* tryEach(notification())
          assert.deepInclude(tried?.result, { status: 200 })
          yield* receipt(() => lines.length === 2)
          assert.deepStrictEqual(
            yield* Effect.forEach(["delivered", "retried", "failed", "dropped"], (result) =>
              count("refusing", result),
            ),
            [1, 0, 2, 0],
          )
        }).pipe(Effect.provide(service([webhook("slack", one.url, "refusing")], lines)))
        assert.lengthOf(one.tries, 4)
        assert.lengthOf(lines, 2)
        assert.include(lines[0], `"target":"refusing","result":"failed","reason":"answered 404 (no_service)"`)
        assert.include(lines[1], `"notDelivered":2`)
        for (const line of lines) assert.notInclude(line, "/services/")
      })
    },
  )

  it.effect("keeps notifications while a receiver is down, and delivers them when it is back", () =>
    Effect.gen(function* () {
      yield* now
      const first = yield* Effect.promise(() => startReceiver("json"))
      const { port, url } = first
      yield* Effect.promise(() => first.stop())
      yield* Effect.gen(function* () {
        yield* send("1", "2", "3")
        yield* Effect.repeat(
          waitUntil(() => true),
          { times: 30 },
        )
        const back = yield* receiver("json", port)
        yield* waitUntil(() => back.received.length === 3)
        assert.deepStrictEqual(idsOf(back), ["1", "2", "3"])
        assert.isAbove((yield* count("away", "retried")) ?? 0, 0)
      }).pipe(Effect.provide(service([webhook("json", url, "away")])))
    }),
  )

  it.effect("drops the oldest when the queue is full, counts them, and delays no other webhook", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      yield* now
      yield* now
      const stuck = yield* receiver("json")
      const other = yield* receiver("json")
      stuck.answers.push("hang")
      const webhooks = [webhook("json", stuck.url, "stuck"), webhook("json", other.url, "other")]
      const ids = Array.from({ length: mostWaiting + 5 }, (_, n) => String(n))
      yield* Effect.gen(function* () {
        yield* send("first")
        yield* receipt(() => stuck.tries.length === 1)
        for (const from of [0, 50, 100]) {
          yield* send(...ids.slice(from, from + 50))
          yield* receipt(() => other.received.length === Math.min(from + 50, ids.length) + 1)
        }
        assert.strictEqual(yield* count("stuck", "dropped"), 5)
        assert.strictEqual(yield* count("other", "dropped"), 0)
        yield* waitUntil(() => stuck.tries.length >= 2)
        yield* receipt(() => stuck.received.length === mostWaiting + 1)
        assert.deepStrictEqual(idsOf(stuck), ["first", ...ids.slice(5)])
      }).pipe(Effect.provide(service(webhooks, lines)))
      assert.lengthOf(
        lines.filter((line) => line.includes("the queue is full")),
        1,
      )
    })
  })

  it.live("stops within seconds while a delivery hangs, and says how many are lost", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const one = yield* receiver("json")
      one.answers.push("hang")
      const startedAt = Date.now()
      yield* Effect.provide(
        Effect.andThen(
          send("1", "2"),
          receipt(() => one.tries.length === 1),
        ),
        service([webhook("json", one.url, "hanging")], lines),
      )
      assert.isBelow(Date.now() - startedAt, 8000)
      assert.strictEqual(yield* count("hanging", "dropped"), 2)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "the stop dropped 2 notifications")
    })
  })

  it.effect("delivers at a stop what the receiver takes at once", () =>
    Effect.gen(function* () {
      yield* now
      const one = yield* receiver("json")
      yield* Effect.provide(send("1", "2", "3"), service([webhook("json", one.url)]))
      assert.deepStrictEqual(idsOf(one), ["1", "2", "3"])
    }),
  )

  it.effect("goes through the proxy, signed, and names no address of a proxy that refuses", () =>
    Effect.gen(function* () {
      yield* now
      const one = yield* receiver("json")
      const proxyTo = (auth?: string) =>
        Effect.acquireRelease(
          Effect.promise(() => startProxy({ to: one.url, ...(auth === undefined ? {} : { auth }) })),
          ({ stop }) => Effect.sync(stop),
        )
      const { pathname } = new URL(one.url)
      const send = (proxy: string, url: string) =>
        Effect.flatMap(Webhooks.Webhooks, ({ tryEach }) => tryEach(notification())).pipe(
          Effect.provide(
            Webhooks.layer([webhook("json", url)]).pipe(
              Layer.provideMerge(NodeHttpClient.layerUndiciNoDispatcher),
              Layer.provide(
                UpstreamProxy.layer({ http: Redacted.make(proxy), https: undefined, except: "" }),
              ),
            ),
          ),
          Effect.map(([tried]) => tried?.result),
        )
      const open = yield* proxyTo()
      const url = `http://hooks.invalid${pathname}`
      assert.deepStrictEqual(yield* send(open.url, url), { _tag: "delivered", status: 204 })
      assert.deepStrictEqual(open.asked, [`POST ${url}`])
      assert.lengthOf(one.received, 1)
      const closed = yield* proxyTo("me:you")
      for (const scheme of ["http:", "https:"]) {
        const refused = yield* send(closed.url, url.replace("http:", scheme))
        assert.deepInclude(refused, { _tag: "failed", status: null })
        assert.notInclude(JSON.stringify(refused), "hooks.invalid")
      }
      assert.lengthOf(one.received, 1)
    }),
  )

  it.effect("makes no span, which would carry the address to the collector, and passes on no trace", () => {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      },
    })
    return Effect.gen(function* () {
      yield* now
      const one = yield* receiver("json")
      yield* Effect.provide(
        Effect.flatMap(Webhooks.Webhooks, ({ tryEach }) => tryEach(notification())),
        service([webhook("json", one.url)]),
      )
      assert.deepStrictEqual(
        spans.map(({ name }) => name),
        [],
      )
      assert.isUndefined(one.received[0]?.headers["traceparent"])
    }).pipe(Effect.withTracer(tracer))
  })

  it.effect("tries each webhook once on request, and gives the cause without the address", () =>
    Effect.gen(function* () {
      yield* now
      const one = yield* receiver("teams")
      const closed = one.url.replace(/:\d+/, ":1")
      const webhooks = [webhook("json", closed, "closed"), webhook("teams", one.url)]
      const tried = yield* Effect.provide(
        Effect.flatMap(Webhooks.Webhooks, ({ tryEach }) => tryEach(notification({ kind: "test" }))),
        service(webhooks),
      )
      assert.deepStrictEqual(
        tried.map(({ name, result }) => [name, result._tag, result.status]),
        [
          ["closed", "failed", null],
          ["teams", "delivered", 202],
        ],
      )
      const [first] = tried
      assert.deepInclude(first?.result, { reason: "no connection (ECONNREFUSED)" })
      assert.notInclude(JSON.stringify(tried), "/services/")
    }),
  )
})
