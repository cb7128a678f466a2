import { type Data, FIELDS, isKey } from '../data.ts'
import type { Place } from '../sessions.ts'
import type { Forms } from './forms.ts'
import { html, type Html } from './html.ts'
import type { SessionView } from './session-section.ts'

const EXAMPLES: Readonly<Record<keyof Data, string>> = {
  note: 'Milk, and bread',
  user: 'Ada',
  cart: 'apple, pear',
  visits: '7',
  state: 'a one-time token',
}

type Dictionary = SessionView['data']

/** The dictionary as a table: each key with its value to edit, and what can be done to it in one step. */
export function dictionarySection(place: Place, forms: Forms, data: Dictionary): Html {
  const keys = Object.keys(EXAMPLES).filter(isKey)
  return html`
    <section aria-labelledby="dictionary-title">
      <h2 id="dictionary-title">Dictionary</h2>
      <div id="dictionary" data-live>
        <table class="dictionary">
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Value</th>
              <th scope="col">In one step</th>
            </tr>
          </thead>
          <tbody>
            ${keys.map((key) => row(forms, key, data))}
          </tbody>
        </table>
        ${
          place.isAtomic
            ? html`<p class="quiet">
                The operations in the last column are atomic: they lose nothing, however many
                requests overlap.
              </p>`
            : html`<p class="quiet">
                KV has no atomic operation: increment, update and take are refused here, and say
                which store can.
              </p>`
        }
        <div class="buttons">
          ${forms.button('/regenerate', 'regenerate()')} ${forms.button('/clear', 'clear()')}
          ${forms.button('/destroy', 'destroy()')}
          ${place.isAtomic ? forms.button('/once/ten', '10 × once()', '10 parallel requests of once()') : html``}
        </div>
        ${forms.text('/flash/notice', {
          label: 'A flash message',
          button: 'flash',
          name: 'flash a notice',
          example: 'Saved: shown once, on the next page',
        })}
      </div>
    </section>
  `
}

function row(forms: Forms, key: keyof Data, data: Dictionary): Html {
  const isSet = Object.hasOwn(data, key)
  const value = isSet ? data[key] : undefined
  return html`
    <tr data-key="${key}">
      <th scope="row">${key}</th>
      <td>
        ${forms.text(`/set/${key}`, {
          label: `The value of ${key}`,
          button: 'set',
          name: `set ${key}`,
          value: isSet ? FIELDS[key].toText(value) : '',
          example: EXAMPLES[key],
        })}
        ${isSet ? html`<code class="json">${JSON.stringify(value)}</code>` : html`<small>not set</small>`}
      </td>
      <td>
        <div class="buttons">
          ${steps(forms, key)}${isSet ? forms.button(`/delete/${key}`, 'delete', `delete ${key}`) : html``}
        </div>
      </td>
    </tr>
  `
}

function steps(forms: Forms, key: keyof Data): Html {
  if (key === 'visits') {
    return html`${forms.button('/increment/visits', '+1', 'visits +1')}
    ${forms.button('/increment/visits?by=10', '+10', 'visits +10')}`
  }
  if (key === 'cart') {
    return forms.text('/update/cart', {
      label: 'One more item',
      button: 'add',
      name: 'add to cart',
      example: 'plum',
    })
  }
  return key === 'state' ? forms.button('/take/state', 'take', 'take state') : html``
}
