import type { HTTPMethod } from 'find-my-way'
import findMyWay from 'find-my-way'
import { type ForeignPaths, routeHints } from './route-hints.ts'

const IS_ENTRY = /\/:[^/]+$/
/** The path up to its last slash, with it. */
const parentOf = (url: string): string => url.slice(0, url.lastIndexOf('/') + 1)

/** The paths of an application and their methods, for what a router does not tell of those it has no route for. */
export interface KnownPaths {
  /** Adds a route, its parameters written as `:name`. */
  add: (url: string, method: string | string[]) => void
  /** To be called once, after the last route. */
  complete: () => void
  /** Returns the methods of a path; undefined for one that is unknown. */
  methodsOf: (path: string) => ReadonlySet<string> | undefined
  /** Tells a path such as `/tasks/`, which may be one entry whose id is empty, and not all of them. */
  mayHaveEmptyId: (path: string) => boolean
  /** Tells whether only the parameter of another path takes the method, as in `GET /task-imports/preview`. */
  isShadowed: (method: string, path: string) => boolean
  hintFor: ReturnType<typeof routeHints>
}

interface KnownPath {
  methods: ReadonlySet<string>
  /** Whether the path ends in an id. */
  isEntry: boolean
}

/** Creates a table without any path. `foreignPaths` are what other services call ours. */
export function createKnownPaths(foreignPaths: ForeignPaths): KnownPaths {
  const methodsByUrl = new Map<string, Set<string>>()
  const shadowing = new Map<string, Set<string>>()
  const router = findMyWay<findMyWay.HTTPVersion.V1>({ ignoreTrailingSlash: true })
  const find = (path: string): KnownPath | undefined => router.find('GET', path)?.store
  const methodsOf: KnownPaths['methodsOf'] = (path) => find(path)?.methods
  let hintFor: KnownPaths['hintFor'] = () => undefined
  return {
    add(url, method) {
      const methods = methodsByUrl.get(url) ?? new Set()
      for (const each of [method].flat()) {
        methods.add(each)
      }
      methodsByUrl.set(url, methods)
    },
    complete() {
      const urls = [...methodsByUrl.keys()].filter((url) => url !== '*')
      const parents = new Set(urls.filter((url) => IS_ENTRY.test(url)).map(parentOf))
      for (const url of urls) {
        const methods = methodsByUrl.get(url) as Set<string>
        router.on('GET' as HTTPMethod, url, () => {}, { methods, isEntry: IS_ENTRY.test(url) })
        if (!url.includes(':') && parents.has(parentOf(url))) {
          shadowing.set(url, methods)
        }
      }
      const paths = urls.map((url) => url.replace(/:(\w+)/g, '{$1}'))
      hintFor = routeHints({ paths, methodsOf, foreignPaths })
    },
    methodsOf,
    mayHaveEmptyId: (path) => path.endsWith('/') && find(path)?.isEntry === false,
    isShadowed(method, path) {
      const methods = shadowing.get(path.endsWith('/') ? path.slice(0, -1) : path)
      return methods !== undefined && method !== 'OPTIONS' && !methods.has(method)
    },
    hintFor: (method, path) => hintFor(method, path)
  }
}
