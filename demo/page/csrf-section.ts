import { heading } from './docs-page.ts'
import type { Forms } from './forms.ts'
import { page } from './frame.ts'
import { html, type Html } from './html.ts'
import type { SessionView } from './session-section.ts'

/** Shows how the site recognizes its own forms. */
export function csrfSection(forms: Forms, { note }: SessionView['data']): Html {
  const token = forms.csrf === '' ? 'none without a session' : forms.csrf
  return html`
    <section aria-labelledby="csrf-title">
      ${heading('csrf-title', 'CSRF', 'security.md')}
      <p>
        The browser says where a form comes from (<code>Sec-Fetch-Site</code>, <code>Origin</code>),
        and <code>csrfGuard</code> relies on it. For clients that send neither, each form carries a
        token of this session, spelled differently each time:
      </p>
      <p id="csrf" data-live><code class="csrf">${token}</code></p>
      <h3>Send a forged request</h3>
      <p>Below is a page that poses as another site. Its button tries to change your note.</p>
      <iframe
        src="${forms.base}/forged"
        loading="lazy"
        title="A page that poses as another site"
      ></iframe>
      <p id="forged" role="status"></p>
      <p id="forged-note" data-live>
        ${typeof note === 'string' ? html`Your note is <code>${note}</code>.` : 'You have no note.'}
      </p>
    </section>
  `
}

/**
 * Returns a page that poses as another site. Its policy gives it a separate origin, so the browser labels its form like
 * that of any other site (W3C: CSP sandbox).
 */
export function forgedPage(base: string): Response {
  return page(
    200,
    html`
      <form method="post" action="${base}/set/note">
        <input type="hidden" name="value" value="forged" />
        <button>Claim it</button>
      </form>
      <p class="quiet">
        The button sends <code>POST ${base}/set/note</code>. This page is sandboxed, so that the
        browser adds <code>Origin: null</code> and <code>Sec-Fetch-Site: cross-site</code>.
      </p>
    `,
    { heading: 'You have won a prize', sandbox: 'allow-forms', isFramed: true },
  )
}
