type Preset = 'aal1' | 'aal2' | 'aal3' | 'lowRisk' | 'highValue'

interface Timeouts {
  readonly absoluteTimeout: number
  readonly idleTimeout: number
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The timeouts to spread into the options of `createSessions`, in seconds. `aal1` to `aal3` follow the authenticator
 * assurance levels of NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3. `lowRisk` and `highValue` follow the OWASP
 * Session Management Cheat Sheet.
 */
export const TIMEOUTS: Readonly<Record<Preset, Timeouts>> = {
  // NIST requires no idle timeout at this level.
  aal1: { absoluteTimeout: 30 * DAY, idleTimeout: 30 * DAY },
  aal2: { absoluteTimeout: DAY, idleTimeout: HOUR },
  aal3: { absoluteTimeout: 12 * HOUR, idleTimeout: 15 * MINUTE },
  lowRisk: { absoluteTimeout: 8 * HOUR, idleTimeout: 30 * MINUTE },
  highValue: { absoluteTimeout: 4 * HOUR, idleTimeout: 5 * MINUTE },
}
