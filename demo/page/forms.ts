import { SHOW_COST } from '../click.ts'
import { html, type Html } from './html.ts'

/** The forms of one store's pages. Each brings the session's CSRF token, and asks what it has cost. */
export class Forms {
  readonly base: string
  readonly csrf: string

  constructor(base: string, csrf: string) {
    this.base = base
    this.csrf = csrf
  }

  /** A form that posts what is in it. */
  form(path: string, content: Html, className = ''): Html {
    const action = `${this.base}${path}${path.includes('?') ? '&' : '?'}${SHOW_COST}`
    return html`<form class="${className}" method="post" action="${action}">
      ${hidden('csrf', this.csrf)}${content}
    </form>`
  }

  /** A form that is a button; afterwards the same page is there again. */
  button(path: string, label: string, title = ''): Html {
    const button =
      title === ''
        ? html`<button>${label}</button>`
        : html`<button aria-label="${title}">${label}</button>`
    return this.form(path, html`${hidden('next', `${this.base}/`)}${button}`)
  }

  /** A form with one text. */
  text(path: string, { label, button, name, value = '', example = '' }: TextForm): Html {
    return this.form(
      path,
      html`<input
          name="value"
          aria-label="${label}"
          value="${value}"
          placeholder="${example}"
          maxlength="2000"
          autocomplete="off"
          required
        /><button aria-label="${name}">${button}</button>`,
      'joined',
    )
  }
}

interface TextForm {
  readonly label: string
  readonly button: string
  /** The button's whole name, for who does not see what stands around it. */
  readonly name: string
  readonly value?: string
  readonly example?: string
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}
