// The race lab in this browser: the same requests that the Worker sends to itself (demo/lab/run-lab.ts), drawn as their
// responses arrive.

const HEAD_START_MS = 100
const SVG = 'http://www.w3.org/2000/svg'
const FATES = {
  dead: 'stays dead',
  resurrected: 'resurrected',
  missed: 'no race: the slow request was over before',
}

/** @typedef {{ readonly from: number, readonly to: number }} Interval */

/** Enables the button. */
export function startLab() {
  const button = document.getElementById('fire')
  if (!(button instanceof HTMLButtonElement)) return
  button.addEventListener('click', () => {
    const input = button.form?.elements.namedItem('count')
    if (!(input instanceof HTMLInputElement) || !input.reportValidity()) return
    button.disabled = true
    void run(Number(input.value)).finally(() => {
      button.disabled = false
    })
  })
}

/** Runs one lane after the other, since a browser sends only a few requests at a time. @param {number} count */
async function run(count) {
  const status = document.getElementById('lab-status')
  const lanes = [...document.querySelectorAll('[data-lane]')]
  for (const lane of lanes) clear(lane, count)
  try {
    for (const lane of lanes) {
      status?.replaceChildren(`Firing at: ${lane.querySelector('h3')?.textContent}`)
      // oxlint-disable-next-line no-await-in-loop
      await runLane(lane, count)
    }
    const lost = lanes.map((lane) => {
      const cells = lane.querySelectorAll('.lost').length
      return `${lane.querySelector('h3')?.textContent}: ${cells} lost`
    })
    status?.replaceChildren(`Done. ${lost.join('; ')}.`)
  } catch {
    status?.replaceChildren('The demo does not answer. Try again.')
  }
}

/** @param {Element} lane @param {number} count */
async function runLane(lane, count) {
  const path = `/lab/${lane.getAttribute('data-lane')}`
  await ask('POST', `${path}/start`)
  const cells = [...lane.querySelectorAll('rect')]
  /** @type {Interval[]} */
  const intervals = []
  await Promise.all(
    cells.map(async () => {
      const answer = await ask('POST', `${path}/increment`)
      if (answer !== undefined) intervals.push(answer)
      cells[intervals.length - 1]?.setAttribute('class', 'answered')
    }),
  )
  const { count: arrived } = await ask('GET', `${path}/state`)
  for (const [index, cell] of cells.entries()) {
    if (index < intervals.length) cell.setAttribute('class', index < arrived ? 'arrived' : 'lost')
  }
  const counts = `${count} sent, ${arrived} arrived, ${intervals.length - arrived} lost`
  tell(lane, '[data-counts]', counts)
  tell(lane, '[data-overlap]', `${overlapOf(intervals)} at the same time`)
  lane.querySelector('svg')?.setAttribute('aria-label', counts)
  await signOutRace(lane, path)
}

/** @param {Element} lane @param {string} path */
async function signOutRace(lane, path) {
  const first = await tryRace(path, 1)
  // If the machine was so busy that they did not overlap, runs it once more, and slower.
  const { fate, status } = first.fate === 'missed' ? await tryRace(path, 5) : first
  const verdict = lane.querySelector('[data-fate]')
  verdict?.setAttribute('data-fate', fate)
  verdict?.replaceChildren(FATES[fate])
  tell(lane, '[data-slow]', `the slow write was answered ${status}`)
  lane.classList.add('done')
}

/**
 * @param {string} path
 * @param {number} times
 * @returns {Promise<{ fate: keyof typeof FATES, status: number }>}
 */
async function tryRace(path, times) {
  await ask('POST', `${path}/start`)
  const slow = ask('POST', `${path}/slow?times=${times}`)
  // It is sent with the cookie before the sign-out can clear it, and reads when everything is over.
  const look = ask('GET', `${path}/state?times=${times}`)
  await new Promise((resolve) => setTimeout(resolve, HEAD_START_MS * times))
  const logout = await ask('POST', `${path}/logout`)
  const [{ status, at, isLoaded }, seen] = await Promise.all([slow, look])
  const isInOrder = at === null || (logout.at < at && at < seen.at)
  if (isLoaded !== true || !isInOrder) return { fate: 'missed', status }
  return { fate: seen.user === null ? 'dead' : 'resurrected', status }
}

/** Prepares the chart for this many requests, and clears the last run. @param {Element} lane @param {number} count */
function clear(lane, count) {
  const chart = lane.querySelector('svg')
  const cells = Array.from({ length: count }, (_, index) => {
    const cell = document.createElementNS(SVG, 'rect')
    const place = { class: 'idle', x: index + 0.1, y: 0.05, width: 0.8, height: 0.9 }
    for (const [name, value] of Object.entries(place)) cell.setAttribute(name, String(value))
    return cell
  })
  chart?.setAttribute('viewBox', `0 0 ${count} 1`)
  chart?.replaceChildren(...cells)
  tell(lane, '[data-counts]', '')
  tell(lane, '[data-overlap]', '')
  tell(lane, '[data-slow]', '')
  const verdict = lane.querySelector('[data-fate]')
  verdict?.setAttribute('data-fate', '')
  verdict?.replaceChildren('–')
  lane.classList.remove('done')
}

/** @param {Element} lane @param {string} selector @param {string} text */
function tell(lane, selector, text) {
  lane.querySelector(selector)?.replaceChildren(text)
}

/** Returns the response's JSON, or `undefined` for a refusal. @param {'GET' | 'POST'} method @param {string} path */
async function ask(method, path) {
  const response = await fetch(path, { method, headers: { Accept: 'application/json' } })
  return response.ok ? response.json() : undefined
}

/** Returns the largest number that ran at the same time. @param {readonly Interval[]} intervals */
function overlapOf(intervals) {
  /** @param {number} moment */
  const running = (moment) =>
    intervals.filter(({ from, to }) => from <= moment && moment <= to).length
  return Math.max(0, ...intervals.map(({ from }) => running(from)))
}
