import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { createMetrics, type Metrics } from '../core/metrics.ts'
import { bearsToken } from '../lib/token.ts'
import { listenError } from './listen-error.ts'

const REQUEST_MS = 5000
/** Each request collects everything anew. Prometheus needs one connection. */
const MAX_CONNECTIONS = 20

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

/** Serves the metrics of this process on METRICS_PORT, to whom METRICS_TOKEN is known where one is set. */
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
  { METRICS_HOST, METRICS_PORT, METRICS_TOKEN }: Config,
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
    if (METRICS_TOKEN !== undefined && !bearsToken(request.headers.authorization, METRICS_TOKEN)) {
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
      return
    }
    read().then(
      (text) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(503).end()
    )
  })
  server.maxConnections = MAX_CONNECTIONS
  server.listen(METRICS_PORT, METRICS_HOST)
  await once(server, 'listening').catch((error) => {
    const address = { host: METRICS_HOST, port: METRICS_PORT }
    throw listenError(error, { ...address, settings: ['METRICS_HOST', 'METRICS_PORT'] })
  })
  return {
    close: async () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
