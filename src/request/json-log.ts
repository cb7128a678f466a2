import type { SessionEvent } from './event.ts'

/**
 * An `onEvent` function that writes each event as a line of JSON, which Workers Logs index: `{"source":"edge-session",
 * …}`. Events that need attention are warnings.
 */
export function jsonLog(event: SessionEvent): void {
  const line = JSON.stringify({ source: 'edge-session', ...event })
  // The console is the only way to write to a Worker's log.
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
  'adoption-failed',
  'store-failed',
  'secrets-failed',
  'refusal-failed',
  'cookie-conflict',
  'cookies-kept',
  'device-changed',
])
