// The playground's scripts: forms without a new page, countdowns, a live view, and the browser's own race. Without them
// every form still works, with a new page.
import { startCountdowns } from './countdown.js'
import { startLab } from './lab.js'
import { keepConnected } from './live.js'

/** Texts by control. @typedef {Map<string, string>} Texts */

const WATCH_MS = 5000
const DEVICE_MS = 500
const MAX_CLICKS = 8

/** Notifies this browser's other tabs of a click. */
const tabs = new BroadcastChannel('edge-session')
/** Runs tasks one after the other, so that an older response never replaces a newer one. */
let turn = Promise.resolve()

/** Runs a task after the earlier ones. @param {() => Promise<void>} work */
function inTurn(work) {
  turn = turn.then(work).catch(() => say('The demo does not answer.'))
  return turn
}

/** Shows a message above everything, or none. @param {string} text */
function say(text) {
  const alert = document.getElementById('alert')
  alert?.replaceChildren(...(text === '' ? [] : [paragraph(text)]))
}

/** @param {string} text */
function paragraph(text) {
  const element = document.createElement('p')
  element.className = 'flash'
  element.textContent = text
  return element
}

/** Parses a page of the demo without running anything in it. @param {Response} response */
async function parsed(response) {
  return new DOMParser().parseFromString(await response.text(), 'text/html')
}

/**
 * Replaces this page's live parts with those of another page.
 * @param {Document} page
 * @param {Texts} [sent] what was sent, if anything was
 */
function show(page, sent) {
  for (const part of page.querySelectorAll('[data-live]')) {
    const current = document.getElementById(part.id)
    if (current !== null && (sent !== undefined || !isInUse(current))) replace(current, part, sent)
  }
  keepConnected(lookSoon)
  lookForDevice()
}

/** Reads the page again until the browser has bound the session to its device, which it does after the sign-in. */
function lookForDevice() {
  if (document.querySelector('[data-look]') !== null) setTimeout(lookSoon, DEVICE_MS)
}

/** Reads the page again after the running tasks. */
function lookSoon() {
  void inTurn(() => look())
}

/**
 * Replaces a part, but keeps the focus and text that is being typed. Texts that were sent are dropped.
 * @param {Element} current
 * @param {Element} part
 * @param {Texts} [sent]
 */
function replace(current, part, sent) {
  // Unchanged parts must not be read aloud again.
  if (part.querySelector('input') === null && part.innerHTML === current.innerHTML) return
  const typed = typedIn(current, sent)
  const focused = keyOf(document.activeElement)
  current.replaceChildren(...part.childNodes)
  for (const input of current.querySelectorAll('input')) {
    input.value = typed.get(keyOf(input)) ?? input.value
  }
  /** @type {NodeListOf<HTMLElement>} */
  const controls = current.querySelectorAll('button, input, select')
  for (const control of controls) {
    if (keyOf(control) === focused) control.focus({ preventScroll: true })
  }
}

/** True if an automatic update must not replace the part: it has a message to read, or text being typed. @param {Element} part */
function isInUse(part) {
  const isMessage = part.id === 'flashes' || part.id === 'last-click'
  return isMessage || (part.contains(document.activeElement) && typedIn(part).size > 0)
}

/**
 * Returns text that was typed and not sent, by control. Includes text typed into a field after its form was sent.
 * @param {Element} part
 * @param {Texts} [sent]
 */
function typedIn(part, sent) {
  /** @type {Texts} */
  const typed = new Map()
  for (const input of part.querySelectorAll('input')) {
    const isTyped = input.type !== 'hidden' && input.value !== input.defaultValue
    const key = keyOf(input)
    if (isTyped && sent?.get(key) !== input.value) typed.set(key, input.value)
  }
  return typed
}

/** Returns a control's key, the same before and after an update. @param {Element | null} control */
function keyOf(control) {
  const action = control?.closest('form')?.getAttribute('action')
  return `${action} ${control?.getAttribute('name')} ${control?.textContent}`
}

/** Reads the page again. @param {Texts} [sent] what was sent before, if anything was */
async function look(sent) {
  const response = await fetch(location.pathname, { headers: { Accept: 'text/html' } })
  show(await parsed(response), sent)
}

/** Returns a form's current content. @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
function bodyOf(form, submitter) {
  const body = new URLSearchParams()
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value === 'string') body.append(name, value)
  }
  return body
}

/**
 * Sends a form's content at the time of the click, and shows the result.
 * @param {HTMLFormElement} form
 * @param {URLSearchParams} body
 * @param {Texts} sent the texts of the form by control
 */
async function send(form, body, sent) {
  const former = document.getElementById('last-click')
  form.setAttribute('aria-busy', 'true')
  const response = await fetch(form.action, {
    method: 'POST',
    body,
    headers: { Accept: 'text/html' },
  })
  form.removeAttribute('aria-busy')
  remember(former)
  const page = await parsed(response)
  const refusal = page.getElementById('message')
  say(refusal?.textContent ?? '')
  if (refusal !== null) {
    // Refused text stays, so that it can be corrected.
    await look(new Map())
    showCost(new URL(form.action).pathname, page.getElementById('message-cost')?.textContent ?? '')
  } else if (page.getElementById('session') === null) location.assign(response.url)
  else show(page, sent)
  announce()
  // A channel has no target: it is limited to this origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  tabs.postMessage('clicked')
}

/** Tells a screen reader that the click was answered, and its cost. */
function announce() {
  const text = document.getElementById('last-click')?.textContent ?? ''
  document.getElementById('announcement')?.replaceChildren(text.trim().replaceAll(/\s+/g, ' '))
}

/** Shows the result of the form in the frame beside it. @param {HTMLIFrameElement} frame */
function showForged(frame) {
  const answer = frame.contentDocument?.getElementById('message')?.textContent
  if (answer == null) return
  document.getElementById('forged')?.replaceChildren(`The server refused it: ${answer.trim()}`)
  lookSoon()
}

/** Shows the cost of a refused click. @param {string} path @param {string} cost */
function showCost(path, cost) {
  const name = document.createElement('strong')
  const code = document.createElement('code')
  code.textContent = `POST ${path}`
  name.append(code)
  document.getElementById('last-click')?.replaceChildren(name, ` ${cost}`)
}

/** Adds a click's cost to the list of earlier ones. @param {Element | null} click */
function remember(click) {
  const list = document.getElementById('clicks')
  if (list === null || click?.querySelector('code') == null) return
  const item = document.createElement('li')
  item.append(...[...click.childNodes].map((node) => node.cloneNode(true)))
  list.prepend(item)
  while (list.children.length > MAX_CLICKS) list.lastElementChild?.remove()
}

// Other pages of the demo, such as the sign-in page, are not changed.
if (document.getElementById('session') !== null) {
  for (const element of document.querySelectorAll('[data-scripted]')) {
    element.removeAttribute('hidden')
  }
  document.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || form.method !== 'post') return
    event.preventDefault()
    // Another click may still be running. Text typed until this one's turn is not part of it.
    const body = bodyOf(form, event.submitter)
    const sent = typedIn(form)
    void inTurn(() => send(form, body, sent))
  })
  const watch = document.getElementById('watch')
  setInterval(() => {
    if (watch instanceof HTMLInputElement && watch.checked) void inTurn(() => look())
  }, WATCH_MS)
  tabs.addEventListener('message', () => void inTurn(() => look()))
  startCountdowns(() => inTurn(() => look()))
  startLab()
  const frame = document.querySelector('iframe')
  frame?.addEventListener('load', () => showForged(frame))
  keepConnected(lookSoon)
  lookForDevice()
}
