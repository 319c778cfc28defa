import type { Api } from './environment.ts'

/** How many processes of an instance have said, at level info, that they serve. */
export const listening = (api: Api | undefined): number =>
  api?.service.said('"msg":"listening"') ?? 0
