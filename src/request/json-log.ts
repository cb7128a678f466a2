import type { SessionEvent } from './event.ts'

/**
 * An `onEvent` that writes each event as one line of JSON, the format that Workers Logs index:
 * `{"source":"edge-session", …}`. Events that need attention are warnings.
 */
export function jsonLog(event: SessionEvent): void {
  const line = JSON.stringify({ source: 'edge-session', ...event })
  // The console is the only way to write to the log of a Worker.
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
