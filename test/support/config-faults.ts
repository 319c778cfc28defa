import { ConfigError, readConfig } from '../../src/config.ts'

/** Settings with which production starts. */
export const VALID_PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: 'rA9x/Tq2mWc7Zk0Lp4Vn8Bd1Ys6Hg3Jf',
  DATABASE_URL: 'postgres://app:hush@db.internal:5432/tasklane',
  SMTP_URL: 'smtp://mail.internal:587'
}

/** All faults of an environment; none when it is taken. */
export function faultsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error
    }
    return error.faults
  }
}
