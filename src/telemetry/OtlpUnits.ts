/** Adapts Effect's metrics to the OpenTelemetry SDK. */
import type { MetricProducer } from "@opentelemetry/sdk-metrics"

/** The SDK gets the unit of a metric once, and not as a label of its points. */
export const withoutUnits = (producer: MetricProducer): MetricProducer => ({
  collect: async (options) => {
    const collected = await producer.collect(options)
    for (const { metrics: found } of collected.resourceMetrics.scopeMetrics) {
      for (const { dataPoints } of found) for (const { attributes } of dataPoints) delete attributes["unit"]
    }
    return collected
  },
})
