/** A string, a number that only Python's `json` writes, or one that a JavaScript number may round. */
const TOKENS = /"(?:[^"\\]|\\[^])*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?/g

/**
 * Returns the value of JSON that Python wrote. A number that JavaScript's JSON would change is returned as text: an
 * integer beyond 2^53 - 1, which would be rounded to another user's id, and `NaN`, `Infinity` and `-Infinity`.
 * `String(id)` is therefore exact, and the value can be stored. Throws a `SyntaxError` for invalid JSON.
 */
export function parsePythonJson(text: string): unknown {
  return JSON.parse(text.replaceAll(TOKENS, (token) => (isExact(token) ? token : `"${token}"`)))
}

/** True for strings, for floats, which Python and JavaScript read alike, and for safe integers. */
function isExact(token: string): boolean {
  return /^-?\d+$/.test(token) ? Number.isSafeInteger(Number(token)) : /["\d]/.test(token)
}
