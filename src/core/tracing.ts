import type { Context, Span } from '@opentelemetry/api'
import type { Config } from '../config.ts'
import type { StatementTracer } from '../db/tracing.ts'

/** Timeout of an export to the collector; spans that it does not accept in time are dropped. */
const EXPORT_MS = 2000

/** What is known of a request when it arrives. */
export interface RequestInfo {
  name: string
  method: string
  route: string | undefined
  requestId: string
  headers: Record<string, unknown>
}
/** What is known of a request when its response is sent. */
export interface RequestOutcome {
  status: number
  code: string | undefined
  userId: string | undefined
}
export interface Tracing {
  /**
   * Runs `next` inside a span for the request, a child of the caller's `traceparent` (W3C Trace Context) if there
   * is one.
   */
  begin(request: RequestInfo, next: () => void): Span
  end(span: Span, outcome: RequestOutcome): void
  traceStatement: StatementTracer
  /** Exports the remaining spans, for as long as one export may take. */
  close(): Promise<void>
}

type TracingConfig = Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_SERVICE_NAME'>
type Packages = Awaited<ReturnType<typeof loadPackages>>

/**
 * Sends spans of requests and of their statements to an OpenTelemetry collector, by OTLP over HTTP. Without
 * OTEL_EXPORTER_OTLP_ENDPOINT it returns undefined and loads nothing. Statements are sent with placeholders, never with
 * values.
 */
export async function openTracing(config: TracingConfig): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: serviceName } = config
  if (endpoint === undefined) {
    return undefined
  }
  const packages = await loadPackages()
  const provider = createProvider(packages, endpoint, serviceName)
  const tracer = provider.getTracer('tasklane')
  const { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = packages.api
  return {
    begin(request, next) {
      const parent: Context = propagation.extract(ROOT_CONTEXT, request.headers)
      const attributes = attributesOf(request)
      const span = tracer.startSpan(request.name, { kind: SpanKind.SERVER, attributes }, parent)
      context.with(trace.setSpan(parent, span), next)
      return span
    },
    end(span, { status, code, userId }) {
      span.setAttributes({
        'http.response.status_code': status,
        ...(code && { 'error.type': code }),
        ...(userId && { 'enduser.id': userId })
      })
      if (status >= 500) {
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
    async traceStatement(name, text, run) {
      const span = tracer.startSpan(name, {
        kind: SpanKind.CLIENT,
        attributes: { 'db.system.name': 'postgresql', ...(text && { 'db.query.text': text }) }
      })
      try {
        return await context.with(trace.setSpan(context.active(), span), run)
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
      }
    },
    close: () => provider.shutdown().catch(() => {})
  }
}

async function loadPackages() {
  const [api, sdk, exporter, hooks, resources, core] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core')
  ])
  return { api, sdk, exporter, hooks, resources, core }
}

/** Creates the provider that batches and exports spans, and sets how their context is passed on in this process. */
function createProvider(
  { api, sdk, exporter, hooks, resources, core }: Packages,
  endpoint: string,
  serviceName: string
) {
  api.context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable())
  api.propagation.setGlobalPropagator(new core.W3CTraceContextPropagator())
  const toCollector = new exporter.OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_MS
  })
  return new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: toCollector })]
  })
}

const attributesOf = ({ method, route, requestId }: RequestInfo) => ({
  'http.request.method': method,
  ...(route && { 'http.route': route }),
  'tasklane.request_id': requestId
})
