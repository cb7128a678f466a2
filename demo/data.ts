import type { DeepReadonly } from '../src/index.ts'

/** What a session of the demo holds. */
export interface Data {
  cart: string[]
  visits: number
  user: { name: string }
  note: string
  state: string
}

/** A key's value as sessions take and give it. */
export type Stored<K extends keyof Data> = DeepReadonly<Exclude<Data[K], undefined>>

interface Field<Value> {
  readonly kind: string
  /** The value, if the parsed JSON is one of this kind. */
  readonly fromJson: (json: unknown) => Value | undefined
  /** The JSON that a form's text stands for. */
  readonly fromText: (text: string) => unknown
}

/** What each key takes. What comes over the network is unknown until its field has looked at it. */
export const FIELDS: { readonly [K in keyof Data]: Field<Stored<K>> } = {
  cart: {
    kind: 'a list of texts',
    fromJson: (json) => (isList(json) && json.every(isText) ? json : undefined),
    fromText: (text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
  },
  visits: {
    kind: 'a number',
    fromJson: (json) => (typeof json === 'number' ? json : undefined),
    fromText: Number,
  },
  user: {
    kind: 'an object with a name, a text',
    fromJson: (json) => {
      const name = typeof json === 'object' && json !== null && 'name' in json && json.name
      return isText(name) ? { name } : undefined
    },
    fromText: (name) => ({ name }),
  },
  note: textField(),
  state: textField(),
}

/** Whether a path's parameter is one of the demo's keys. */
export function isKey(name: string): name is keyof Data {
  return Object.hasOwn(FIELDS, name)
}

function textField(): Field<string> {
  return {
    kind: 'a text',
    fromJson: (json) => (isText(json) ? json : undefined),
    fromText: (text) => text,
  }
}

function isText(json: unknown): json is string {
  return typeof json === 'string'
}

function isList(json: unknown): json is readonly unknown[] {
  return Array.isArray(json)
}
