type Preset = 'aal1' | 'aal2' | 'aal3' | 'lowRisk' | 'highValue'

interface Timeouts {
  readonly absoluteTimeout: number
  readonly idleTimeout: number
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * Timeouts to spread into the options of `createSessions`, in seconds: by authenticator assurance level (NIST SP 800-63B-4
 * sections 2.1.3, 2.2.3, 2.3.3), and OWASP's for low-risk and for high-value applications (Session Management).
 */
export const TIMEOUTS: Readonly<Record<Preset, Timeouts>> = {
  // No time of idleness is asked for.
  aal1: { absoluteTimeout: 30 * DAY, idleTimeout: 30 * DAY },
  aal2: { absoluteTimeout: DAY, idleTimeout: HOUR },
  aal3: { absoluteTimeout: 12 * HOUR, idleTimeout: 15 * MINUTE },
  lowRisk: { absoluteTimeout: 8 * HOUR, idleTimeout: 30 * MINUTE },
  highValue: { absoluteTimeout: 4 * HOUR, idleTimeout: 5 * MINUTE },
}
