import type { Place } from '../sessions.ts'
import { heading } from './docs-page.ts'
import { html, type Html } from './html.ts'

/** Returns the section with the messages of two sockets of the session, as two tabs have them. */
export function liveSection({ base, isAtomic }: Place, isStored: boolean): Html {
  return html`
    <section aria-labelledby="live-title">
      ${heading('live-title', 'Live', 'live.md')}
      ${
        isAtomic
          ? html`<p>
                The session’s object tells every tab what happens. Here are two: change something,
                sign out, or end this session from another device.
              </p>
              <div id="live" data-live>
                ${
                  isStored
                    ? html`<span data-connect="${base}/live"></span>`
                    : html`<p class="quiet">
                        Without a session there is no socket. Store something.
                      </p>`
                }
              </div>
              <div class="tabs" data-scripted hidden>
                ${tab('told', 'One tab', 'polite')} ${tab('told-too', 'Another tab', 'off')}
              </div>
              <noscript><p class="quiet">A socket needs JavaScript.</p></noscript>`
          : html`<p>Workers KV cannot do this: a Durable Object holds the sockets.</p>`
      }
    </section>
  `
}

/** Both show the same, so only one of them is read aloud. */
function tab(id: string, name: string, live: 'polite' | 'off'): Html {
  return html`<div>
    <h3 id="${id}-title">${name}</h3>
    <div role="log" aria-live="${live}" aria-labelledby="${id}-title">
      <ol id="${id}" data-told></ol>
    </div>
  </div>`
}
