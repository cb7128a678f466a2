import type { DeepReadonly } from '../src/index.ts'

/** The data of a session in the demo. */
export interface Data {
  cart: string[]
  visits: number
  user: { name: string }
  note: string
  state: string
}

/** The type of a key's value in sessions. */
export type Stored<K extends keyof Data> = DeepReadonly<Exclude<Data[K], undefined>>

interface Field<Value> {
  readonly kind: string
  /** An example of a text for the form. */
  readonly example: string
  /** An example of a value, as JSON. */
  readonly json: string
  /** Returns the value, if the parsed JSON is of this kind, or `undefined`. */
  readonly fromJson: (json: unknown) => Value | undefined
  /** Returns the JSON for a form's text. */
  readonly fromText: (text: string) => unknown
  /** Returns the form's text for a stored value, or JSON if the value is not of this kind. */
  readonly toText: (stored: unknown) => string
}

/** The field of each key. Input from the network is unknown until its field has checked it. */
export const FIELDS: { readonly [K in keyof Data]: Field<Stored<K>> } = {
  cart: {
    kind: 'a list of texts',
    example: 'apple, pear',
    json: '["apple", "pear"]',
    fromJson: (json) => (isTexts(json) ? json : undefined),
    fromText: (text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    toText: (stored) => (isTexts(stored) ? stored.join(', ') : JSON.stringify(stored)),
  },
  visits: {
    kind: 'a number',
    example: '7',
    json: '7',
    fromJson: (json) => (typeof json === 'number' && Number.isFinite(json) ? json : undefined),
    fromText: (text) => (text.trim() === '' ? undefined : Number(text)),
    toText: JSON.stringify,
  },
  user: {
    kind: 'an object with a name',
    example: 'Ada',
    json: '{"name": "Ada"}',
    fromJson: (json) => {
      const name = nameIn(json)
      return name === undefined ? undefined : { name }
    },
    fromText: (name) => ({ name }),
    toText: (stored) => nameIn(stored) ?? JSON.stringify(stored),
  },
  note: textField('Milk, and bread'),
  state: textField('a one-time token'),
}

/** True if a path's parameter is one of the demo's keys. */
export function isKey(name: string): name is keyof Data {
  return Object.hasOwn(FIELDS, name)
}

function textField(example: string): Field<string> {
  return {
    kind: 'a text',
    example,
    json: JSON.stringify(example),
    fromJson: (json) => (isText(json) ? json : undefined),
    fromText: (text) => text,
    toText: (stored) => (isText(stored) ? stored : JSON.stringify(stored)),
  }
}

function isText(json: unknown): json is string {
  return typeof json === 'string'
}

function isTexts(json: unknown): json is readonly string[] {
  return Array.isArray(json) && json.every(isText)
}

/** Returns the name in an object, if it has one. */
function nameIn(json: unknown): string | undefined {
  const name = typeof json === 'object' && json !== null && 'name' in json ? json.name : undefined
  return isText(name) ? name : undefined
}
