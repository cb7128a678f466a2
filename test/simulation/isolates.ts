import { Script } from 'node:vm'

import { PlainHeaders, PlainResponse } from './messages.ts'

/** What the code of one isolate finds in place of the globals of its runtime. */
export interface Globals {
  readonly setTimeout: (run: () => void, milliseconds: number) => number
  readonly clearTimeout: (id: number | undefined) => void
  readonly performance: { readonly now: () => number }
  /** The time by the isolate's clock, in milliseconds since 1970. */
  readonly now: () => number
  readonly crypto: {
    readonly getRandomValues: <T extends ArrayBufferView>(view: T) => T
    readonly subtle: object
  }
}

/** Starts an isolate with a version of the library. */
export type Start<Exports> = (globals: Globals) => Exports

/** A version of the library. `begin` ends all isolates of the previous run, and returns a function that starts new ones. */
export interface Version<Exports> {
  readonly begin: () => Start<Exports>
}

/** An isolate whose code stays warm: evaluating it anew for each run would leave all of it to V8's interpreter. */
interface Isolate<Exports> {
  globals: Globals
  readonly exports: Exports
  /** Puts all variables of the modules back as they were after the evaluation. */
  readonly reset: () => void
}

const NAMES = [
  'setTimeout',
  'clearTimeout',
  'performance',
  'Date',
  'crypto',
  'Headers',
  'Response',
] as const

/** Returns a version whose code is this text, a bundle of esbuild in the form of CommonJS. */
export function versionOf<Exports>(text: string): Version<Exports> {
  const source = `(function (module, ${NAMES.join(', ')}) {${text}\n${resetting(text)}})`
  const script = new Script(source, { filename: 'edge-session.js' })
  const isolates: Isolate<Exports>[] = []

  function evaluated(globals: Globals): Isolate<Exports> {
    const evaluate = script.runInThisContext() as (...parameters: unknown[]) => () => void
    const module: { exports: unknown } = { exports: {} }
    const isolate: { globals: Globals } = { globals }
    const own = delegated(isolate)
    const reset = evaluate(module, ...NAMES.map((name) => own[name]))
    return Object.assign(isolate, { exports: module.exports as Exports, reset })
  }

  return {
    begin() {
      let started = 0
      return (globals) => {
        const isolate = (isolates[started] ??= evaluated(globals))
        started += 1
        isolate.globals = globals
        isolate.reset()
        return isolate.exports
      }
    },
  }
}

/** Returns the globals that an isolate sees for as long as its code is used. */
function delegated(isolate: { readonly globals: Globals }): Record<string, unknown> {
  class VirtualDate extends Date {
    static override now(): number {
      return isolate.globals.now()
    }
  }
  return {
    setTimeout: (run: () => void, milliseconds: number) =>
      isolate.globals.setTimeout(run, milliseconds),
    clearTimeout: (id: number | undefined) => isolate.globals.clearTimeout(id),
    performance: { now: () => isolate.globals.performance.now() },
    Date: VirtualDate,
    Headers: PlainHeaders,
    Response: PlainResponse,
    crypto: {
      getRandomValues: (view: Uint8Array) => isolate.globals.crypto.getRandomValues(view),
      get subtle() {
        return isolate.globals.crypto.subtle
      },
    },
  }
}

/** Collections and buffers that a module makes once. Lists that are written out are constants. */
const MADE = /^var (\w+) = (?:\/\* @__PURE__ \*\/ )?(new [\w$]+\(.*\)|\[\]);$/gm
/** Variables of modules: esbuild declares them all by `var`. */
const DECLARED = /^var (\w+)(?: = .+)?;$/gm
const DECLARATION = /^var \w+ = /gm
const ASSIGNED = /(?<![\w$.])(\w+) (?:[-+*]|\?\?|\|\|)?= /g

/** Returns the code that returns a function which puts the variables of all modules back. */
function resetting(text: string): string {
  const made = [...text.matchAll(MADE)].map(([, name = '', value = '']) => ({ name, value }))
  const assigned = new Set(
    Array.from(text.replaceAll(DECLARATION, '').matchAll(ASSIGNED), ([, name]) => name),
  )
  const names = [...text.matchAll(DECLARED)].map(([, name = '']) => name)
  const changing = names.filter((name) => assigned.has(name))
  return [
    `const [${changing.map((name) => `before_${name}`).join(', ')}] = [${changing.join(', ')}];`,
    'return () => {',
    ...changing.map((name) => `${name} = before_${name};`),
    ...made.map(({ name, value }) => `${name} = ${value};`),
    '};',
  ].join('\n')
}
