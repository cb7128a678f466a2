import type { Bytes } from '../codec/mac.ts'
import { bytesOf, macKey, type Hash, verifiesAny } from './mac-key.ts'
import { bytesOfBase64url } from './one-spelling.ts'

/** How to derive a key from a secret, and the hash of its MACs. */
export interface KeyRecipe {
  readonly hash: Hash
  readonly purpose: string
  readonly derive: (secret: Bytes) => Promise<Bytes>
}

/**
 * Returns the value before the last separator of `<value><separator><MAC>` if it was signed with one of the secrets by
 * one of the recipes, otherwise `undefined`. Only one spelling of the MAC is accepted: base64url without padding.
 */
export async function signedPart(
  signed: string,
  separator: string,
  { secrets, recipes }: { readonly secrets: Secrets; readonly recipes: readonly KeyRecipe[] },
): Promise<string | undefined> {
  const list = typeof secrets === 'object' ? secrets : [secrets]
  const making = list.flatMap((secret) =>
    recipes.map((recipe) => macKey(recipe.hash, secret, recipe)),
  )
  const keys = await Promise.all(making)
  const [value, macText] = splitAtLast(signed, separator) ?? []
  const mac = macText === undefined ? undefined : bytesOfBase64url(macText)
  if (value === undefined || mac === undefined || !signed.isWellFormed()) return undefined
  return (await verifiesAny(keys, mac, bytesOf(value))) ? value : undefined
}

/** One secret, or several if any of them may have signed. */
export type Secrets = string | readonly string[]

/** Returns the texts before and after the last separator, or `undefined` if there is none. */
export function splitAtLast(
  text: string,
  separator: string,
): readonly [before: string, after: string] | undefined {
  const at = text.lastIndexOf(separator)
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + separator.length)]
}
