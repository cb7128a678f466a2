import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

import { atEnd, newDirectory, newPort } from './project.ts'
import { startUpstashBridge } from './upstash-bridge.ts'

const START_MS = 120_000
const PROGRAMS = { redis: 'redis-server', memcached: 'memcached' } as const

/** A server of this machine that answers on a port. */
export interface RunningServer {
  readonly port: number
  /** Kills it where it stands. */
  kill(): Promise<void>
  /** Stops it from answering, and lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

async function start(
  program: string,
  optionsOf: (port: number) => string[],
): Promise<RunningServer | undefined> {
  if (!isInstalled(program)) return undefined
  const port = await newPort()
  const child = spawn(program, optionsOf(port), { cwd: await newDirectory(), stdio: 'ignore' })
  atEnd(() => child.kill('SIGKILL'))
  const deadline = Date.now() + START_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}.`)
    if (Date.now() > deadline) throw new Error(`${program} does not answer.`)
    await wait(10)
  }
  return { port, kill: () => kill(child), signal: (signal) => void child.kill(signal) }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}

/** A Redis that keeps nothing on the disk; `undefined` where redis-server is not installed. */
export function startRedis(...options: string[]): Promise<RunningServer | undefined> {
  const local = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  return start('redis-server', (port) => ['--port', String(port), ...local, ...options])
}

/** A memcached; `undefined` where it is not installed. */
export function startMemcached(...options: string[]): Promise<RunningServer | undefined> {
  const local = ['-u', 'root', '-l', '127.0.0.1', '-U', '0']
  return start('memcached', (port) => ['-p', String(port), ...local, ...options])
}

/**
 * For Vitest, once for all test files: starts the servers and tells their ports, 0 where one is not installed. What it
 * gives stops them.
 */
export async function setup({
  provide,
}: {
  readonly provide: (key: string, port: number) => void
}): Promise<() => Promise<void>> {
  for (const engine of missingEngines()) {
    const program = PROGRAMS[engine]
    process.stdout.write(
      `Skipped: the tests of the ${engine} store, since there is no ${program} here (apt-get install ${program}).\n`,
    )
  }
  const redis = await startRedis()
  const memcached = await startMemcached()
  const largeMemcached = await startMemcached('-I', '32m', '-m', '256')
  const upstash = redis && (await startUpstashBridge(redis.port))
  provide('redisPort', redis?.port ?? 0)
  provide('upstashPort', upstash?.port ?? 0)
  provide('memcachedPort', memcached?.port ?? 0)
  provide('largeMemcachedPort', largeMemcached?.port ?? 0)
  return async () => {
    await upstash?.close()
    await Promise.all([redis?.kill(), memcached?.kill(), largeMemcached?.kill()])
  }
}

/** The engines whose servers are not installed, by the names of their stores. */
export function missingEngines(): (keyof typeof PROGRAMS)[] {
  return (['redis', 'memcached'] as const).filter((engine) => !isInstalled(PROGRAMS[engine]))
}
