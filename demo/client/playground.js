// What scripts add to the playground: forms without a new page, countdowns, a live view, and the browser's own race.
// Without them every form works as well, by a new page.
import { startCountdowns } from './countdown.js'
import { startLab } from './lab.js'
import { keepConnected } from './live.js'

/** Texts by the control that they are in. @typedef {Map<string, string>} Texts */

const WATCH_MS = 5000
const DEVICE_MS = 500
const MAX_CLICKS = 8

/** Tells the other tabs of this browser that something was clicked. */
const tabs = new BroadcastChannel('edge-session')
/** One thing after the other, so that an older answer never replaces a newer one. */
let turn = Promise.resolve()

/** Does this after what was asked for before. @param {() => Promise<void>} work */
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

/** A page of the demo, parsed; nothing of it is run. @param {Response} response */
async function parsed(response) {
  return new DOMParser().parseFromString(await response.text(), 'text/html')
}

/**
 * Puts the live parts of a page in the place of this one's.
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

/** Reads the page again after what is under way. */
function lookSoon() {
  void inTurn(() => look())
}

/**
 * What somebody is typing stays, and so does the focus; texts that were sent are done with.
 * @param {Element} current
 * @param {Element} part
 * @param {Texts} [sent]
 */
function replace(current, part, sent) {
  // What has not changed is not read aloud again.
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

/** Whether a look that nobody asked for is to leave it: a message to read, or a text at work. @param {Element} part */
function isInUse(part) {
  const isMessage = part.id === 'flashes' || part.id === 'last-click'
  return isMessage || (part.contains(document.activeElement) && typedIn(part).size > 0)
}

/**
 * What was typed and not sent, by control. A text that was typed into the field after its form was sent is not that text.
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

/** What a control is known by before and after. @param {Element | null} control */
function keyOf(control) {
  const action = control?.closest('form')?.getAttribute('action')
  return `${action} ${control?.getAttribute('name')} ${control?.textContent}`
}

/** Reads the page again. @param {Texts} [sent] what was sent before, if anything was */
async function look(sent) {
  const response = await fetch(location.pathname, { headers: { Accept: 'text/html' } })
  show(await parsed(response), sent)
}

/** What a form says now. @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
function bodyOf(form, submitter) {
  const body = new URLSearchParams()
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value === 'string') body.append(name, value)
  }
  return body
}

/**
 * Sends what a form said when it was clicked, and shows what has come of it.
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
    // A text that was refused stays, to be put right.
    await look(new Map())
    showCost(new URL(form.action).pathname, page.getElementById('message-cost')?.textContent ?? '')
  } else if (page.getElementById('session') === null) location.assign(response.url)
  else show(page, sent)
  announce()
  // A channel has no target: it is of this origin alone.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  tabs.postMessage('clicked')
}

/** Says to a screen reader that the click was answered, and what it has cost. */
function announce() {
  const text = document.getElementById('last-click')?.textContent ?? ''
  document.getElementById('announcement')?.replaceChildren(text.trim().replaceAll(/\s+/g, ' '))
}

/** Says beside the frame what has become of the form in it. @param {HTMLIFrameElement} frame */
function showForged(frame) {
  const answer = frame.contentDocument?.getElementById('message')?.textContent
  if (answer == null) return
  document.getElementById('forged')?.replaceChildren(`The server refused it: ${answer.trim()}`)
  lookSoon()
}

/** Says what a refused click has cost. @param {string} path @param {string} cost */
function showCost(path, cost) {
  const name = document.createElement('strong')
  const code = document.createElement('code')
  code.textContent = `POST ${path}`
  name.append(code)
  document.getElementById('last-click')?.replaceChildren(name, ` ${cost}`)
}

/** Puts a click's cost on the list of the former ones. @param {Element | null} click */
function remember(click) {
  const list = document.getElementById('clicks')
  if (list === null || click?.querySelector('code') == null) return
  const item = document.createElement('li')
  item.append(...[...click.childNodes].map((node) => node.cloneNode(true)))
  list.prepend(item)
  while (list.children.length > MAX_CLICKS) list.lastElementChild?.remove()
}

// Other pages of the demo, such as the one to sign in on, are left as they are.
if (document.getElementById('session') !== null) {
  for (const element of document.querySelectorAll('[data-scripted]')) {
    element.removeAttribute('hidden')
  }
  document.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || form.method !== 'post') return
    event.preventDefault()
    // Another click may still be under way, and what is typed until this one's turn is not part of it.
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
