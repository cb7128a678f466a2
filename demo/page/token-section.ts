import type { TokenPart, TokenVerdict, TokenView } from '../token-view.ts'
import { heading } from './docs-page.ts'
import type { Forms } from './forms.ts'
import { time } from './frame.ts'
import { html, type Html } from './html.ts'

/** The result of trying another token. */
export interface TokenTry {
  readonly what: string
  readonly verdict: TokenVerdict
}

const NAMES: Readonly<Record<TokenPart, string>> = {
  version: 'version',
  key: 'key id',
  created: 'created',
  used: 'last use',
  secret: 'secret',
  revision: 'revision',
  handle: 'handle',
  mac: 'MAC',
}
const TRIED: readonly TokenPart[] = ['handle', 'created', 'used', 'secret', 'key', 'version', 'mac']

/** The faults of a token. */
const REASONS = {
  malformed: 'not a valid token',
  'unknown-key': 'its key id is not that of a secret',
  forged: 'its MAC does not match its contents',
} as const

interface TokenSection {
  readonly token: TokenView | undefined
  /** True if the session of the token exists. */
  readonly isLive: boolean
  readonly tried: TokenTry | undefined
}

/** Returns the parts of the browser's token, and forms to try others. */
export function tokenSection(forms: Forms, { token, isLive, tried }: TokenSection): Html {
  return html`
    <section aria-labelledby="token-title">
      ${heading('token-title', 'Token', 'keys.md')}
      <div id="token" data-live>
        ${token === undefined ? html`<p>This browser has sent no token.</p>` : taken(token, isLive)}
      </div>
      <h3>Try another</h3>
      ${forms.form(
        '/token/check',
        html`<select name="part" aria-label="The part to change">
            ${TRIED.map((part) => html`<option value="${part}">${NAMES[part]}</option>`)}</select
          ><button>Change one character</button>`,
        'joined',
      )}
      ${forms.form(
        '/token/check',
        html`<input
            name="token"
            aria-label="A token"
            placeholder="1.SCEc.AaH6…"
            maxlength="400"
            autocomplete="off"
            spellcheck="false"
            required
          /><button>Verify</button>`,
        'joined',
      )}
      <div id="tried" data-live role="status">
        ${tried === undefined ? html`` : html`<p>${tried.what}: ${verdictText(tried.verdict)}</p>`}
      </div>
    </section>
  `
}

function taken({ parts, verdict }: TokenView, isLive: boolean): Html {
  return html`
    <p class="token">
      ${parts.map(
        ({ part, text }) =>
          html`${['key', 'created', 'mac'].includes(part) ? '.' : ''}<span
              class="${part}"
              title="${NAMES[part]}"
              >${text}</span
            >`,
      )}
    </p>
    <dl>
      ${verdict.ok ? contents(verdict) : html``}
      <dt>MAC</dt>
      <dd>${verdictText(verdict)}</dd>
    </dl>
    ${
      verdict.ok && !isLive
        ? html`<p>
            The MAC is right, but there is no such session: it has ended, or its token was replaced.
          </p>`
        : html``
    }
  `
}

function contents({ token, isNewestKey }: Extract<TokenVerdict, { ok: true }>): Html {
  return html`
    <dt>key id</dt>
    <dd>
      of ${isNewestKey ? 'the newest secret' : 'an older secret: the next answer signs it again'}
    </dd>
    <dt>created</dt>
    <dd>${time(new Date(token.createdAt))}</dd>
    <dt>last use</dt>
    <dd>
      ${time(new Date(token.usedAt))}, as far as the cookie tells; the store may know of a later one
    </dd>
    <dt>secret</dt>
    <dd>32 characters, hidden here; regenerate() replaces it, and the store keeps its hash only</dd>
    <dt>handle</dt>
    <dd>where the store finds the session: <code>${token.handle}</code></dd>
  `
}

function verdictText(verdict: TokenVerdict): Html {
  return verdict.ok
    ? html`<b class="good">verified</b> by HMAC-SHA-256`
    : html`<b class="bad">${verdict.reason}</b>, ${REASONS[verdict.reason]}`
}
