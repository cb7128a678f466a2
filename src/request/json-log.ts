import type { SessionEvent } from './event.ts'

/**
 * An `onEvent` that writes each event as one line of JSON, as Workers Logs index it: `{"source":"edge-session", …}`. What
 * asks for attention is a warning.
 */
export function jsonLog(event: SessionEvent): void {
  const line = JSON.stringify({ source: 'edge-session', ...event })
  // The one way into a Worker's log.
  // oxlint-disable no-console
  if (WARNINGS.has(event.type)) console.warn(line)
  else console.log(line)
  // oxlint-enable no-console
}

const WARNINGS = new Set<SessionEvent['type']>([
  'refused',
  'late-write',
  'corrupt',
  'invalid',
  'migration-failed',
  'store-failed',
  'secrets-failed',
  'cookie-conflict',
  'device-changed',
])
