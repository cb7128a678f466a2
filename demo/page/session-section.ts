import type { Data } from '../data.ts'
import { ABSOLUTE_SECONDS, IDLE_SECONDS, REMEMBERED_SECONDS } from '../sessions.ts'
import { heading } from './docs-page.ts'
import { time } from './frame.ts'
import { html, type Html } from './html.ts'

/** The visible state of a session. */
export interface SessionView {
  readonly id: string
  readonly isNew: boolean
  readonly createdAt: Date | null
  readonly expiresAt: Date | null
  readonly data: { readonly [K in keyof Data]?: unknown }
}

/** Returns the section with the session and its two timeouts. */
export function sessionSection(
  { id, isNew, createdAt, expiresAt }: SessionView,
  now: number,
): Html {
  return html`
    <section aria-labelledby="session-title">
      ${heading('session-title', 'Session', 'accounts.md')}
      <div id="session" data-live>
        <dl>
          <dt>id</dt>
          <dd><code>${id}</code></dd>
          <dt>is new</dt>
          <dd>${isNew ? 'yes: nothing is stored, no cookie is set' : 'no'}</dd>
          <dt>created</dt>
          <dd>${time(createdAt)}</dd>
          <dt>expires</dt>
          <dd>${time(expiresAt)}</dd>
        </dl>
        ${
          createdAt === null || expiresAt === null
            ? html`<p class="quiet">Without a session there are no timeouts. Store something.</p>`
            : timeouts(createdAt.getTime(), expiresAt.getTime(), now)
        }
      </div>
    </section>
  `
}

function timeouts(createdAt: number, expiresAt: number, now: number): Html {
  const absoluteEnd = createdAt + ABSOLUTE_SECONDS * 1000
  // No other session ends later.
  if (expiresAt > absoluteEnd) {
    return html`
      ${timeout('Remembered', { ends: expiresAt, seconds: REMEMBERED_SECONDS, now })}
      <p class="quiet">
        Used or not, the session ends then, and its cookie survives the browser. Other sessions keep
        their short timeouts.
      </p>
    `
  }
  return html`
    ${timeout('Idle timeout', { ends: expiresAt, seconds: IDLE_SECONDS, now })}
    ${timeout('Absolute timeout', { ends: absoluteEnd, seconds: ABSOLUTE_SECONDS, now })}
    <p class="quiet">
      Use restarts the idle timeout, recorded once a minute at most; only signing in moves the
      absolute one. Both are enforced by the server, whatever cookie the browser keeps.
    </p>
  `
}

function timeout(
  name: string,
  { ends, seconds, now }: { readonly ends: number; readonly seconds: number; readonly now: number },
): Html {
  const left = Math.max(0, Math.ceil((ends - now) / 1000))
  return html`
    <div class="timeout" data-ends-in="${String(Math.max(0, ends - now))}">
      <span>${name}</span>
      <output aria-live="off">${clockText(left)}</output>
      <progress max="${String(seconds)}" value="${String(left)}" aria-label="${name}"></progress>
    </div>
  `
}

/** Formats seconds as `0:29:58`. The browser's countdown does the same. */
function clockText(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
}
