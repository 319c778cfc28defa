import type { Context, Span } from '@opentelemetry/api'
import type { Config } from '../config.ts'
import type { StatementTracer } from '../db/tracing.ts'

/** For a collector that is away: what is not told in this time is dropped, never waited for. */
const EXPORT_MS = 2000

/** What is known of a request when it arrives, and when it is answered. */
export interface RequestInfo {
  name: string
  method: string
  route: string | undefined
  requestId: string
  headers: Record<string, unknown>
}
export interface RequestOutcome {
  status: number
  code: string | undefined
  userId: string | undefined
}
export interface Tracing {
  /** Runs `next` inside the span of a request, a child of the caller's when they sent `traceparent` (W3C Trace Context). */
  begin(arrival: RequestInfo, next: () => void): Span
  end(span: Span, outcome: RequestOutcome): void
  traceStatement: StatementTracer
  /** Sends what is left, for as long as an export may take. */
  close(): Promise<void>
}

/**
 * Spans of requests and of their statements for an OpenTelemetry collector, by OTLP over HTTP. Undefined, and not even
 * loaded, without OTEL_EXPORTER_OTLP_ENDPOINT. Statements are told with placeholders, never with their values.
 */
export async function openTracing({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_SERVICE_NAME
}: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_SERVICE_NAME'>): Promise<
  Tracing | undefined
> {
  if (endpoint === undefined) {
    return undefined
  }
  const [
    { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace },
    { BatchSpanProcessor, TracerProvider },
    { OTLPTraceExporter },
    { AsyncLocalStorageContextManager },
    { resourceFromAttributes },
    { W3CTraceContextPropagator }
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core')
  ])
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_MS
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': OTEL_SERVICE_NAME }),
    spanProcessors: [new BatchSpanProcessor({ exporter })]
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const tracer = provider.getTracer('tasklane')

  return {
    begin({ name, method, route, requestId, headers }, next) {
      const parent: Context = propagation.extract(ROOT_CONTEXT, headers)
      const span = tracer.startSpan(
        name,
        {
          kind: SpanKind.SERVER,
          attributes: {
            'http.request.method': method,
            ...(route && { 'http.route': route }),
            'tasklane.request_id': requestId
          }
        },
        parent
      )
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
