import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { createMetrics, type Metrics } from '../core/metrics.ts'

const REQUEST_MS = 5000

/** Creates the metrics of this process. In a cluster the primary process collects them. */
export function openMetrics(): Metrics {
  const metrics = createMetrics()
  // Makes this process respond to the primary process, which adds up the metrics of all.
  if (cluster.isWorker) {
    AggregatorRegistry.setRegistries([metrics.registry])
    new AggregatorRegistry()
  }
  return metrics
}

/** Serves the metrics of this process on METRICS_PORT. */
export const startMetricsServer = (config: Config, metrics: Metrics | undefined) =>
  listen(config, metrics && (() => metrics.registry.metrics()), metrics?.registry.contentType)

/** Serves the sums over all server processes of the cluster on METRICS_PORT. */
export function startSharedMetricsServer(config: Config) {
  if (config.METRICS_PORT === undefined) {
    return listen(config, undefined, undefined)
  }
  const registry = new AggregatorRegistry()
  return listen(config, () => registry.clusterMetrics(), (registry as Registry).contentType)
}

async function listen(
  { HOST, METRICS_PORT }: Config,
  read: (() => Promise<string>) | undefined,
  contentType: string | undefined
): Promise<{ close(): Promise<void> }> {
  if (METRICS_PORT === undefined || !read) {
    return { close: async () => {} }
  }
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    read().then(
      (text) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(503).end()
    )
  }).listen(METRICS_PORT, HOST)
  await once(server, 'listening')
  return {
    close: async () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
