import { createTemplate } from '../db/embedded/create-template.ts'

/**
 * Creates the empty database that first starts copy. A failure only makes the first start slower, so none is
 * thrown.
 */
export async function warmCache(): Promise<void> {
  await createTemplate().catch((error: Error) => {
    console.warn(
      `The empty database could not be cached (${error.message}). The first start takes a few seconds longer.`
    )
  })
}
