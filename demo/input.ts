import { StatusError } from 'itty-router'

import { type Data, FIELDS, isKey, type Stored } from './data.ts'

/** The text of a request's body: a form's field `value`, or the whole body. */
export interface Body {
  readonly text: string
  readonly from: 'form' | 'json' | 'text'
}

/**
 * Reads a request's body. If it claims to be a form but has no field `value`, the whole body counts: `curl -d
 * '"hello"'`.
 */
export async function readBody(request: Request): Promise<Body> {
  const text = await request.text()
  const type = request.headers.get('Content-Type') ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const value = new URLSearchParams(text).get('value')
    if (value !== null) return { text: value, from: 'form' }
  }
  return { text, from: type.startsWith('application/json') ? 'json' : 'text' }
}

/** Returns the body as JSON. A form's text is a string. */
export function jsonOf({ text, from }: Body): unknown {
  if (from === 'form') return text
  try {
    return JSON.parse(text)
  } catch {
    throw new StatusError(
      400,
      'The body is not JSON. Send a JSON value, or a form with a field "value".',
    )
  }
}

/** Returns the body as text: a form's text or a plain body, or a JSON string. */
export function textOf(body: Body): string {
  const text = body.from === 'json' ? jsonOf(body) : body.text
  if (typeof text === 'string' && text !== '') return text
  throw new StatusError(400, 'The body is not text, or is empty.')
}

/** Returns the body as a value for this key. */
export function valueOf<K extends keyof Data>(key: K, body: Body): Stored<K> {
  const field = FIELDS[key]
  const json = body.from === 'form' ? field.fromText(body.text) : jsonOf(body)
  const value = field.fromJson(json)
  if (value === undefined) {
    const advice = body.from === 'form' ? `Write ${field.example}` : `Send JSON: ${field.json}`
    throw new StatusError(400, `${key} takes ${field.kind}. ${advice}, for example.`)
  }
  return value
}

/** Returns a path's parameter, decoded. */
export function nameOf(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    throw new StatusError(400, 'The path is not well-formed.')
  }
}

/** Returns the key that a path names, if it is one of these. */
export function keyOf<K extends keyof Data>(name: string, keys: readonly K[]): K {
  const key = keys.find((candidate) => candidate === name)
  if (key !== undefined) return key
  const fault = isKey(name) ? 'cannot be used here' : 'is not a key of this demo'
  throw new StatusError(400, `${JSON.stringify(name)} ${fault}. Use one of: ${keys.join(', ')}.`)
}

/** Returns the step of an increment: the query's `by`, or 1. */
export function stepOf(url: string): number {
  const by = new URL(url).searchParams.get('by') ?? '1'
  const step = Number(by)
  if (by.trim() !== '' && Number.isFinite(step)) return step
  throw new StatusError(400, `by is ${JSON.stringify(by)}. It must be a number.`)
}

/** True if the client prefers a page to JSON, as browsers do when they submit a form (RFC 9110 section 12.5.1). */
export function prefersHtml(request: Request): boolean {
  const accept = request.headers.get('Accept') ?? ''
  return quality(accept, 'text/html') > quality(accept, 'application/json')
}

function quality(accept: string, type: string): number {
  const ranges = accept.split(',').map((range) => range.trim().toLowerCase())
  const range = ranges.find((candidate) => candidate.split(';')[0]?.trim() === type)
  if (range === undefined) return 0
  return Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1)
}

/** Returns the text fields of a form or a JSON object. */
export async function fieldsOf(request: Request): Promise<Readonly<Record<string, string>>> {
  const body = await readBody(request)
  if (body.from === 'json') {
    const json = jsonOf(body)
    const fields = typeof json === 'object' && json !== null ? Object.entries(json) : []
    return Object.fromEntries(fields.filter(([, value]) => typeof value === 'string'))
  }
  return Object.fromEntries(new URLSearchParams(body.text))
}
