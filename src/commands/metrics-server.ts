import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { createMetrics, type Metrics } from '../core/metrics.ts'

const REQUEST_MS = 5000

/** Metrics of this process, which one that supervises it may ask for. */
export function openMetrics(): Metrics {
  const metrics = createMetrics()
  // The supervisor asks each of its processes and adds up what they say.
  if (cluster.isWorker) {
    AggregatorRegistry.setRegistries([metrics.registry])
    new AggregatorRegistry()
  }
  return metrics
}

/** Tells this process's metrics on a port of their own. */
export const startMetricsServer = (config: Config, metrics: Metrics | undefined) =>
  open(config, metrics && (() => metrics.registry.metrics()), metrics?.registry.contentType)

/** Tells the sums over all server processes that this one supervises. */
export function startSharedMetricsServer(config: Config) {
  if (config.METRICS_PORT === undefined) {
    return open(config, undefined, undefined)
  }
  const all = new AggregatorRegistry()
  return open(config, () => all.clusterMetrics(), (all as unknown as Registry).contentType)
}

async function open(
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
