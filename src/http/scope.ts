import type { Caller } from '../core/context.ts'
import { Problem } from '../core/problem.ts'

/** Throws when the caller has come with an API key that has no such scope; without a scope no key will do. */
export function assertScope({ key }: Caller, scope: string | undefined): void {
  if (key && (scope === undefined || !key.scopes.includes(scope))) {
    throw new Problem('missing_scope', {
      detail: scope
        ? `The API key needs the scope ${scope} for this.`
        : 'API keys cannot do this. Log in instead.'
    })
  }
}
