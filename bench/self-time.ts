import type { CpuProfile, ProfileNode } from './inspector.ts'

/** Time that was spent in a function itself, without those that it called. */
export interface SelfTime {
  /** The function's name, or V8's own such as `(program)`, which is all native code. */
  readonly name: string
  /** The file and the line of the bundle, such as `src/codec/token.ts 1234`; empty for V8's own. */
  readonly place: string
  readonly microseconds: number
}

/** The bundle's module in the configuration of server.ts. */
const BUNDLE = 'worker.js'

/** Returns the self time of each function of a bundle's profile, the longest first; idle time is left out. */
export function selfTimesOf(profile: CpuProfile, bundle: string): SelfTime[] {
  const { nodes, samples = [], timeDeltas = [] } = profile
  const fileAt = filesByLine(bundle)
  const functions = new Map(nodes.map((node) => [node.id, functionOf(node, fileAt)]))
  const times = new Map<string, SelfTime>()
  for (const [index, id] of samples.entries()) {
    const { name, place } = functions.get(id) ?? IDLE
    const key = `${name}\n${place}`
    // A delta is the time before its sample (Chrome DevTools protocol, Profiler.Profile), so the next one's is this one's.
    const microseconds = (times.get(key)?.microseconds ?? 0) + (timeDeltas[index + 1] ?? 0)
    if (name !== IDLE.name) times.set(key, { name, place, microseconds })
  }
  return [...times.values()].toSorted((one, other) => other.microseconds - one.microseconds)
}

const IDLE = { name: '(idle)', place: '' }

function functionOf(
  { callFrame: { functionName, url, lineNumber } }: ProfileNode,
  fileAt: readonly string[],
): Pick<SelfTime, 'name' | 'place'> {
  const file = url === BUNDLE ? (fileAt[lineNumber] ?? '') : url
  const place = url === '' ? '' : `${file} ${lineNumber + 1}`
  return { name: functionName || '(anonymous)', place }
}

/** Returns for each line the source file that esbuild names in a comment above it. */
function filesByLine(bundle: string): string[] {
  let file = ''
  return bundle.split('\n').map((line) => {
    file = /^\/\/ (\S+\.\w+)$/.exec(line)?.[1] ?? file
    return file
  })
}
