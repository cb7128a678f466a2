/** One of several places, and its share of the ids. */
export interface Weighted {
  readonly name: string
  readonly weight: number
}

/**
 * Returns a function that assigns each id a place. It uses rendezvous hashing (Thaler and Ravishankar, Using name-based
 * mappings to increase hit rates, 1998) with weights by the logarithmic method (Schindelhauer and Schomaker, Weighted
 * distributed hash tables, 2005). Each place draws a number for the id from its own name and weight, and the lowest
 * wins. A new place takes ids from the others, and a removed one leaves its ids to them. All other ids stay.
 */
export function weightedChoice<Place extends Weighted>(
  places: readonly [Place, ...Place[]],
): (id: string) => Place {
  const seeded = places.map((place) => ({ place, seed: hashOf(place.name) }))
  const [first] = places

  return (id) => {
    const hash = hashOf(id)
    let chosen = first
    let lowest = Infinity
    for (const { place, seed } of seeded) {
      const drawn = -Math.log(fractionOf(hash, seed)) / place.weight
      if (drawn < lowest) {
        lowest = drawn
        chosen = place
      }
    }
    return chosen
  }
}

type Hash = readonly [number, number]

/**
 * Returns a 64-bit hash of a text: two lanes of FNV-1a (Fowler, Noll and Vo) over its UTF-16 units, each mixed at its
 * end.
 */
function hashOf(text: string): Hash {
  let one = 0x811c9dc5
  let other = 0x9e3779b9
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other ^ unit, 0x85ebca6b)
  }
  return [mixed(one), mixed(other ^ text.length)]
}

/** Returns a number between 0 and 1, both excluded, for an id and a place. It has 53 bits. */
function fractionOf([one, other]: Hash, [seed, otherSeed]: Hash): number {
  const high = mixed(one ^ seed)
  const low = mixed(other ^ otherSeed ^ high)
  return ((high >>> 0) * 2 ** 21 + (low >>> 11) + 0.5) / 2 ** 53
}

/** Spreads each bit over all 32: the finalizer of MurmurHash3 (Appleby). */
function mixed(bits: number): number {
  let hash = bits
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
