const TICK_MS = 250

/**
 * Counts down the page's timeouts by the time since they arrived, so that the two clocks need not agree.
 * @param {() => Promise<void>} atEnd called when one is over
 */
export function startCountdowns(atEnd) {
  /** When each of them arrived. @type {WeakMap<Element, number>} */
  const cameAt = new WeakMap()

  function tick() {
    let isOver = false
    for (const timeout of document.querySelectorAll('[data-ends-in]')) {
      const came = cameAt.get(timeout) ?? performance.now()
      cameAt.set(timeout, came)
      const left = Number(timeout.getAttribute('data-ends-in')) - (performance.now() - came)
      isOver ||= left <= 0 && !timeout.classList.contains('over')
      if (left <= 0) timeout.classList.add('over')
      show(timeout, Math.max(0, Math.ceil(left / 1000)))
    }
    if (isOver) void atEnd()
  }

  setInterval(tick, TICK_MS)
  tick()
}

/** @param {Element} timeout @param {number} seconds */
function show(timeout, seconds) {
  const output = timeout.querySelector('output')
  const text = clockText(seconds)
  if (output !== null && output.value !== text) output.value = text
  const bar = timeout.querySelector('progress')
  if (bar !== null) bar.value = seconds
}

/** Formats seconds as `0:29:58`, as the Worker does. @param {number} seconds */
function clockText(seconds) {
  /** @param {number} value */
  const two = (value) => String(Math.floor(value)).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
}
