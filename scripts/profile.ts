// Where a request's time goes in workerd: npm run profile -- read [--contender 'edge-session, KV' --seconds 5 --top 25]
import { parseArgs } from 'node:util'

import { bundleOf } from '../bench/bundle.ts'
import { type Contender, CONTENDERS, HOT, type Work, WORKS } from '../bench/contenders.ts'
import { type CpuProfile, Inspector } from '../bench/inspector.ts'
import { Loader } from '../bench/loader.ts'
import { type SelfTime, selfTimesOf } from '../bench/self-time.ts'
import { serve } from '../bench/server.ts'
import { newPort } from '../test/node/project.ts'
import { ArgumentError, fromCommandLine, oneOf, wholeNumber } from './command-line.mjs'

/** The Worker's name in the configuration of bench/server.ts. */
const SERVICE = 'main'
const OBJECTS = '/dev/shm'
const WARM_UP_MS = 2000
const SAMPLE_MICROSECONDS = 500

const USAGE =
  "npm run profile -- [read] [--contender 'edge-session, KV'] [--seconds 5] [--sessions 300] [--connections 16] [--top 25]"

const { work, contender, seconds, sessions, connections, top } = fromCommandLine(USAGE, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      /** Whose Worker; by default ours that does this work. */
      contender: { type: 'string', default: 'edge-session' },
      seconds: { type: 'string', default: '5' },
      sessions: { type: 'string', default: '300' },
      connections: { type: 'string', default: '16' },
      top: { type: 'string', default: '25' },
    },
  })
  const [name = 'read', ...others] = positionals
  if (others.length > 0) throw new ArgumentError('One run profiles one work.')
  const number = (option: 'seconds' | 'sessions' | 'connections' | 'top'): number =>
    wholeNumber(`--${option}`, values[option], { least: 1 })
  const asked = oneOf('work', name, WORKS)
  return {
    work: asked,
    contender: contenderOf(values.contender, asked),
    seconds: number('seconds'),
    sessions: number('sessions'),
    connections: number('connections'),
    top: number('top'),
  }
})
const profiled = await profileOf(contender, work)
const selfTimes = selfTimesOf(profiled.profile, await bundleOf(contender.source))
process.stdout.write(`${contender.name}, ${work}: ${profiled.requests} requests were profiled\n\n`)
process.stdout.write(`${tableOf(selfTimes, profiled.requests)}\n`)
process.exit(0)

function contenderOf(prefix: string, done: Work): Contender {
  const found = CONTENDERS.find(
    ({ name, paths }) => name.startsWith(prefix) && paths[done] !== undefined,
  )
  if (found !== undefined) return found
  throw new ArgumentError(`No contender ${JSON.stringify(prefix)} does ${done}.`)
}

/** Takes a profile of the whole Worker, its objects too, under load. */
async function profileOf(
  { source, name, paths }: Contender,
  done: Work,
): Promise<{ readonly profile: CpuProfile; readonly requests: number }> {
  const address = `127.0.0.1:${await newPort()}`
  const server = await serve({ source, name, paths }, OBJECTS, { inspector: address })
  const loader = new Loader()
  const { create = '/', [done]: path = '/' } = paths
  const pool = HOT.has(done) ? 1 : sessions
  const cookies = done === 'anonymous' ? [] : await loader.newPool(server, create, pool)
  const job = { port: server.port, path, cookies, connections }
  await loader.run({ ...job, milliseconds: WARM_UP_MS })
  const inspector = await Inspector.connect(address, SERVICE)
  await inspector.call('Profiler.enable')
  await inspector.call('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS })
  await inspector.call('Profiler.start')
  const { requests } = await loader.run({ ...job, milliseconds: seconds * 1000 })
  const { profile } = await inspector.call<{ profile: CpuProfile }>('Profiler.stop')
  inspector.close()
  loader.end()
  await server.kill()
  return { profile, requests }
}

function tableOf(times: readonly SelfTime[], requests: number): string {
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0)
  const rows = times.slice(0, top).map(({ name, place, microseconds }) => {
    const share = `${((microseconds / total) * 100).toFixed(1)} %`
    return `| ${share} | ${(microseconds / requests).toFixed(1)} | ${name} | ${place} |`
  })
  const header = [
    '| self time | µs a request | function | file, line of the bundle |',
    '| --- | --- | --- | --- |',
  ]
  return [...header, ...rows].join('\n')
}
