import { createTemplate } from '../db/embedded/template.ts'

/** Keeps a blank database for first starts to copy. Without it a first start makes its own, so no install fails for it. */
export async function warmCache(): Promise<void> {
  await createTemplate().catch((error: Error) => {
    console.warn(
      `No blank database could be kept (${error.message}): the first start will take some seconds longer.`
    )
  })
}
