/**
 * Throws an error that names the first difference, unless the values are equal. A property with the value `undefined`
 * counts as absent.
 */
export function assertEqual(actual: unknown, expected: unknown): void {
  report(differenceOf(actual, expected, 'all', ''))
}

/** Throws an error that names the first difference, unless the value has all expected properties. It may have more. */
export function assertMatches(actual: unknown, expected: object): void {
  report(differenceOf(actual, expected, 'some', ''))
}

/** Throws an error if the text does not include the part, or is absent. */
export function assertIncludes(text: string | undefined, part: string): void {
  if (text?.includes(part) !== true) throw failure(`${shown(part)} is missing in ${shown(text)}.`)
}

/** Throws an error if the text includes the part. */
export function assertExcludes(text: string | undefined, part: string): void {
  if (text?.includes(part) === true) throw failure(`${shown(part)} is in ${shown(text)}.`)
}

/** Throws an error unless the text matches the pattern. */
export function assertPattern(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw failure(`${shown(text)} does not match ${String(pattern)}.`)
}

/** Throws an error if the object has this property. */
export function assertAbsent(value: object, property: string): void {
  if (property in value) throw failure(`${shown(value)} has the property ${property}.`)
}

/** Throws an error if the values are the same. */
export function assertDiffers(actual: unknown, other: unknown): void {
  if (Object.is(actual, other)) throw failure(`${shown(actual)} was returned twice.`)
}

function report(difference: string | undefined): void {
  if (difference !== undefined) throw failure(difference)
}

function failure(message: string): Error {
  return new Error(`The store breaks its contract: ${message}`)
}

type Extent = 'all' | 'some'

/** Returns a sentence about the first difference, or `undefined` if there is none. */
function differenceOf(
  actual: unknown,
  expected: unknown,
  extent: Extent,
  place: string,
): string | undefined {
  if (Object.is(actual, expected)) return undefined
  const different = `${place === '' ? '' : `${place} is wrong: `}expected ${shown(expected)}, got ${shown(actual)}.`
  if (!isObject(actual) || !isObject(expected)) return different
  if (Array.isArray(actual) !== Array.isArray(expected)) return different
  const isWhole = extent === 'all' || Array.isArray(expected)
  const names = new Set([...Object.keys(expected), ...(isWhole ? Object.keys(actual) : [])])
  for (const name of names) {
    const inner = `${place}[${JSON.stringify(name)}]`
    const difference = differenceOf(ownOf(actual, name), ownOf(expected, name), extent, inner)
    if (difference !== undefined) return difference
  }
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Returns the object's own property, since a name such as `__proto__` is data here. */
function ownOf(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

/** Returns the value as shortened text for a message. An entry may have a million characters. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text
}
