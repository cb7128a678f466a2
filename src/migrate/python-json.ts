/** A string, or a token that only Python's `json` writes as a number, or that a JavaScript number may round. */
const TOKENS = /"(?:[^"\\]|\\[^])*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?/g

/**
 * Returns the value of JSON that Python wrote. A number that JSON in JavaScript would change is returned as its text: an
 * integer beyond 2^53 - 1, which would be rounded to another user's id, and `NaN`, `Infinity` and `-Infinity`. So
 * `String(id)` is exact, and the value can be stored. Throws a `SyntaxError` for anything else than JSON.
 */
export function parsePythonJson(text: string): unknown {
  return JSON.parse(text.replaceAll(TOKENS, (token) => (isExact(token) ? token : `"${token}"`)))
}

/** True for strings, for floats, which Python and JavaScript read alike, and for integers that are safe. */
function isExact(token: string): boolean {
  return /^-?\d+$/.test(token) ? Number.isSafeInteger(Number(token)) : /["\d]/.test(token)
}
