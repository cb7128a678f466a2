import type { Place } from '../sessions.ts'
import { html, type Html } from './html.ts'

/** Returns the section that shows the messages of the session's socket. */
export function liveSection({ base, isAtomic }: Place, isStored: boolean): Html {
  return html`
    <section aria-labelledby="live-title">
      <h2 id="live-title">Live</h2>
      ${
        isAtomic
          ? html`<p class="quiet">
                The session’s object tells every tab what happens. Sign out in another tab, or end
                this session from another device.
              </p>
              <div id="live" data-live>
                ${isStored ? html`<span data-connect="${base}/live"></span>` : ''}
              </div>
              <ol id="told" role="log" aria-label="What the object has told"></ol>`
          : html`<p class="quiet">Workers KV has no objects, which hold sockets.</p>`
      }
    </section>
  `
}
