import fc from 'fast-check'

const BEFORE_SURROGATES = 0xd7ff
const SURROGATES = 0x800

/** Any character, evenly, as fast-check's `unit: 'binary'`, which first makes a table of all of them, for seconds. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES })
  .map((code) => String.fromCodePoint(code > BEFORE_SURROGATES ? code + SURROGATES : code))
