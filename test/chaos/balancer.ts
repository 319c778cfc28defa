/** As often as load balancers probe by default; two probes fit into DRAIN_SECONDS. */
const PROBE_MS = 500

export interface Balancer {
  /** The ports to try for the next connection, in this order. */
  nextPorts(): number[]
  stop(): void
}

/** Reports whether the instance on this port is ready. */
export const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health/ready`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(PROBE_MS)
  }).then(
    async (response) => {
      await response.text()
      return response.ok
    },
    () => false
  )

/** Probes each instance and offers those that are ready in turn; all of them when none is, as load balancers do. */
export function createBalancer(ports: number[]): Balancer {
  let turn = 0
  let ready = ports
  let isStopped = false
  const probe = async () => {
    const states = await Promise.all(ports.map(isReady))
    ready = states.includes(true) ? ports.filter((_, i) => states[i]) : ports
    if (!isStopped) {
      timer = setTimeout(probe, PROBE_MS)
    }
  }
  let timer = setTimeout(probe, PROBE_MS)
  return {
    nextPorts: () => {
      turn++
      return [
        ...ready.slice(turn % ready.length),
        ...ready.slice(0, turn % ready.length),
        ...ports.filter((port) => !ready.includes(port))
      ]
    },
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    }
  }
}
