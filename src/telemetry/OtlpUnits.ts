/** Effect's metrics as the OpenTelemetry SDK wants them. */
import type { MetricProducer } from "@opentelemetry/sdk-metrics"

/** The unit of a metric is said once, and is no label of its points. */
export const withoutUnits = (producer: MetricProducer): MetricProducer => ({
  collect: async (options) => {
    const collected = await producer.collect(options)
    for (const { metrics: found } of collected.resourceMetrics.scopeMetrics) {
      for (const { dataPoints } of found) for (const { attributes } of dataPoints) delete attributes["unit"]
    }
    return collected
  },
})
