// The command lines of the scripts. Plain JavaScript, because `npm start` also runs on a Node that knows no TypeScript.
import { parseArgs } from 'node:util'

/** The exit code of a command that was written wrongly. */
const MISUSE = 2

/** Thrown for an argument that can't be used. Its message is a sentence that says which one, and what it should be. */
export class ArgumentError extends Error {}

/**
 * Returns what `read` returns. If it throws an `ArgumentError`, or an error of `parseArgs`, prints that and the usage in
 * one line instead, and ends the process with 2.
 * @template Read @param {string} usage @param {() => Read} read @returns {Read}
 */
export function fromCommandLine(usage, read) {
  try {
    return read()
  } catch (error) {
    const problem = problemOf(error)
    if (problem === undefined) throw error
    process.stderr.write(`${problem} Usage: ${usage}\n`)
    return process.exit(MISUSE)
  }
}

/** Ends the process as above if there is any argument. @param {string} usage */
export function takesNoArguments(usage) {
  fromCommandLine(usage, () => parseArgs({ options: {} }))
}

/**
 * Returns the whole number that an option has as a text. Throws an `ArgumentError` if it is none, or out of range.
 * @param {string} name @param {string} text @param {{ least?: number, most?: number }} [range]
 */
export function wholeNumber(name, text, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}) {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`
  throw new ArgumentError(`${name} is ${JSON.stringify(text)}. Give it a whole number ${range}.`)
}

/**
 * Returns the text if it is one of the known ones. Throws an `ArgumentError` with all of them otherwise.
 * @template {string} Known @param {string} name @param {string} text @param {readonly Known[]} known
 * @returns {Known}
 */
export function oneOf(name, text, known) {
  const found = known.find((each) => each === text)
  if (found !== undefined) return found
  throw new ArgumentError(
    `There is no ${name} ${JSON.stringify(text)}. Use one of: ${known.join('; ')}.`,
  )
}

/** What is wrong, in one line; `undefined` for an error of another kind. @param {unknown} error */
function problemOf(error) {
  if (error instanceof ArgumentError) return error.message
  const isOfParseArgs =
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_PARSE_ARGS_')
  if (!isOfParseArgs) return undefined
  // The first sentence says what is wrong; the others explain how to quote dashes.
  const [sentence = ''] = error.message.split(/\.\s|\n/)
  return `${sentence.replace(/\.$/, '')}.`
}
