import { DATA, keyOf } from '../session/patch.ts'
import type { SavedChange } from '../store/object/session-part.ts'

/** Returns the `changed` message as JSON, or `undefined` if none of the application's keys changed. */
export function changedMessage(
  { meta, entries, names }: SavedChange,
  values: readonly string[],
): string | undefined {
  const keys = names.filter((name) => name.startsWith(DATA)).map(keyOf)
  if (keys.length === 0) return undefined
  const { revision = 0 } = meta
  const wanted = values.filter((key) => keys.includes(key))
  const texts = wanted.flatMap((key) => {
    const text = entries.get(DATA + key)
    return text === undefined ? [] : [`${JSON.stringify(key)}:${jsonOf(text)}`]
  })
  const sent = values.length === 0 ? '' : `,"values":{${texts.join(',')}}`
  return `{"type":"changed","keys":${JSON.stringify(keys)},"revision":${revision}${sent}}`
}

/** Returns a stored text as JSON. It already is JSON, unless it comes from the application's serializer. */
function jsonOf(text: string): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    return JSON.stringify(text)
  }
}
