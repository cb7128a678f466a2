import { StatusError } from 'itty-router'

import { type Data, FIELDS, isKey, type Stored } from './data.ts'

/** What a request's body says, from a form's field `value` or as it is. */
export interface Body {
  readonly text: string
  readonly from: 'form' | 'json' | 'text'
}

/** Reads a request's body. One that calls itself a form and has no field `value` is taken as it is: `curl -d '"hello"'`. */
export async function readBody(request: Request): Promise<Body> {
  const text = await request.text()
  const type = request.headers.get('Content-Type') ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const value = new URLSearchParams(text).get('value')
    if (value !== null) return { text: value, from: 'form' }
  }
  return { text, from: type.startsWith('application/json') ? 'json' : 'text' }
}

/** The body as JSON; a form's text is a text. */
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

/** The body as a text: what a form or a plain body says, or a JSON text. */
export function textOf(body: Body): string {
  const text = body.from === 'json' ? jsonOf(body) : body.text
  if (typeof text === 'string' && text !== '') return text
  throw new StatusError(400, 'The body is not text, or is empty.')
}

/** The body as a value for this key. */
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

/** A path's parameter as it was before it was put into the path. */
export function nameOf(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    throw new StatusError(400, 'The path is not well-formed.')
  }
}

/** The key that a path names, if it is one of these. */
export function keyOf<K extends keyof Data>(name: string, keys: readonly K[]): K {
  const key = keys.find((candidate) => candidate === name)
  if (key !== undefined) return key
  const fault = isKey(name) ? 'cannot be used here' : 'is not a key of this demo'
  throw new StatusError(400, `${JSON.stringify(name)} ${fault}. Use one of: ${keys.join(', ')}.`)
}

/** The step of an increment: the query's `by`, or 1. */
export function stepOf(url: string): number {
  const by = new URL(url).searchParams.get('by') ?? '1'
  const step = Number(by)
  if (by.trim() !== '' && Number.isFinite(step)) return step
  throw new StatusError(400, `by is ${JSON.stringify(by)}. Give it a number.`)
}

/** Whether the client would rather have a page than JSON, as browsers say of a form they submit (RFC 9110 section 12.5.1). */
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

/** The text fields of a form, or of a JSON object. */
export async function fieldsOf(request: Request): Promise<Readonly<Record<string, string>>> {
  const body = await readBody(request)
  if (body.from === 'json') {
    const json = jsonOf(body)
    const fields = typeof json === 'object' && json !== null ? Object.entries(json) : []
    return Object.fromEntries(fields.filter(([, value]) => typeof value === 'string'))
  }
  return Object.fromEntries(new URLSearchParams(body.text))
}
