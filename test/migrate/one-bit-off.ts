/** Every text that differs from this ASCII text in one bit of one character. */
export function oneBitOff(text: string): string[] {
  const bits = [0, 1, 2, 3, 4, 5, 6]
  return Array.from(text).flatMap((character, index) =>
    bits.map((bit) => {
      const other = String.fromCharCode(character.charCodeAt(0) ^ (1 << bit))
      return text.slice(0, index) + other + text.slice(index + 1)
    }),
  )
}
