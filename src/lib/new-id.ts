import { v7 } from 'uuid'
import { randomBytes16 } from './random.ts'

/** Returns a new id: a UUID of version 7, so that ids made later sort later (RFC 9562). */
export const newId = (): string => v7({ rng: randomBytes16 })
