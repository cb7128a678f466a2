import type { Place } from '../sessions.ts'
import { heading } from './docs-page.ts'
import type { Forms } from './forms.ts'
import { html, type Html } from './html.ts'

/** Returns the section with ten parallel requests, of which one calls a provider. */
export function onceSection({ isAtomic }: Place, forms: Forms): Html {
  const disabledBy = isAtomic ? '' : 'no-leases'
  return html`
    <section aria-labelledby="once-title">
      ${heading('once-title', 'Once', 'once.md')}
      <div id="once" data-live>
        <p>
          Ten parallel requests of this session need a new token from a provider, which takes 200
          ms. With <code>session.once()</code> one of them calls it, and all ten get its token.
        </p>
        ${
          isAtomic
            ? html``
            : html`<p id="no-leases">Workers KV cannot do this: it needs a Durable Object.</p>`
        }
        ${forms.button('/once/ten', 'Send 10 requests with once()', { disabledBy })}
      </div>
    </section>
  `
}
