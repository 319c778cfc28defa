/** What an installation in production must at least be given, and that anyone may sign up. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  REGISTRATION: 'open',
  JWT_SECRET: 'kX2n8Qw5Zr7Tb1Yv4Uc9Em3Ja6Lo0PdHs',
  DATABASE_URL: 'postgres://db.internal/tasklane',
  EMAIL_ENABLED: 'off'
}
