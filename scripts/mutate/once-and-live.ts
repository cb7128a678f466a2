import type { MutatedFile } from './mutation.ts'

const ONCE = ['test/once/leases.test.ts', 'test/once/once.test.ts', 'test/once/release.test.ts']
const LIVE = [
  'test/live/live.test.ts',
  'test/live/ends.test.ts',
  'test/live/parts.test.ts',
  'test/live/replaced.test.ts',
]

/** Leases, and connections that end with their session. */
export const ONCE_AND_LIVE: readonly MutatedFile[] = [
  {
    file: 'src/once/lease-step.ts',
    tests: ONCE,
    changes: [
      [
        'if (state === undefined || !reply.ok) return looked',
        'if (state === undefined) return looked',
      ],
      ['(left > 0 || hasWaited === true)', '(left > 0)'],
      ['(left > 0 || hasWaited === true)', '(left >= 0 || hasWaited === true)'],
      ['if (result === undefined && left > 0) {', 'if (result === undefined) {'],
      ["by === attempt ? answer({ lease: 'yours' })", "false ? answer({ lease: 'yours' })"],
      [
        "return hasWaited === true\n    ? answer({ lease: 'free' })",
        "return false\n    ? answer({ lease: 'free' })",
      ],
      ['time < MAX_MILLISECONDS', 'true'],
      ['keep >= 0 && lease > 0', 'lease > 0'],
      ['keep >= 0 && lease > 0', 'keep >= 0'],
      ['for (const each of old) entries.delete(each)', ''],
      ['until: now + lease', 'until: now'],
      [
        'const isMine = lease.by === attempt && lease.result === undefined',
        'const isMine = lease.result === undefined',
      ],
      [
        'const isMine = lease.by === attempt && lease.result === undefined',
        'const isMine = lease.by === attempt',
      ],
      [
        'lease.by !== attempt && outcomeOf(state.meta, patch) === undefined',
        'lease.by !== attempt',
      ],
      ['lease.by !== attempt && outcomeOf(state.meta, patch) === undefined', 'false'],
      ['until: call.context.now + keep', 'until: call.context.now'],
      ['{ ...patch, set }', '{ set, id: patch.id }'],
      ['{ reply: written.reply, ...without(state, name) }', 'written'],
    ],
  },
  {
    file: 'src/once/leases.ts',
    tests: ONCE,
    changes: [
      ['  ended(host) {\n    wake(host)', '  ended() {'],
      [
        'function released(host: CellHost, reply: string): string {\n  wake(host)',
        'function released(_host: CellHost, reply: string): string {',
      ],
      ['if (waitLeft <= 0)', 'if (false)'],
      ['if (calls.size >= MAX_WAITING)', 'if (false)'],
      ['Math.min(waitLeft, left)', 'waitLeft'],
      ['list[NOW] = Number(list[NOW]) + Date.now() - startedAt', ''],
      [', hasWaited: true }', ' }'],
      ['waiting.delete(host)', '', 'a call that was told is not in the set any more'],
    ],
  },
  {
    file: 'src/once.ts',
    tests: ONCE,
    changes: [
      ["if (session.purpose === 'speculative') {", 'if (false) {'],
      ['if (!session.canKeep) return fn()', ''],
      ['  dictionary.outdate()\n', ''],
      ['ctx?.waitUntil?.(leading.catch(() => undefined))', ''],
      ['if (isGone(reply)) throw session.lose(reply)', ''],
      ['release(newPatch({})).then(orThrow)', 'release(newPatch({}))'],
      [
        'if (result !== undefined || running.get(session) === 1) dictionary.rollback(since)',
        'dictionary.rollback(since)',
      ],
      ['if (result !== undefined || running.get(session) === 1) dictionary.rollback(since)', ''],
      ['      await release().catch(() => undefined)\n', ''],
      ['if (result === undefined || !isStoreFailure(error)) {', 'if (true) {'],
      ["if (reply.lease !== 'free') return reply.result", 'return reply.result'],
      ['checkLeases(reply.lease, session.store)', ''],
      ['run, false, about.wait)', 'run)'],
      ['setUp: (_env, store) => checkLeases(store.lease, store)', 'setUp: () => undefined'],
    ],
  },
  {
    file: 'src/live.ts',
    tests: LIVE,
    changes: [
      ['if (isForeign(request, trustedOrigins) === true) {', 'if (false) {'],
      ["const isSpeculative = own.purpose === 'speculative'", 'const isSpeculative = false'],
      ['if (kind === undefined && !accepts(request, PROBLEM)) return upgradeRequired(own)', ''],
      [
        'if (credential === undefined) return refuse(own, SIGNED_OUT, request)',
        'if (credential === undefined) return upgradeRequired(own)',
      ],
      ["if (method !== 'GET') return undefined", ''],
      [
        "if (why !== undefined) throw new SessionError('ERR_TOO_LARGE', 'watch(): there are 32 already.')",
        '',
      ],
      ['if (ok !== true) throw endedError()', ''],
      ['if (own.failure !== undefined) throw own.failure', ''],
      ["response.headers.set('Upgrade', 'websocket')", ''],
      ['if (fits && trustedOrigins.every(isOrigin)) return', 'if (fits) return'],
      [
        'if (fits && trustedOrigins.every(isOrigin)) return',
        'if (trustedOrigins.every(isOrigin)) return',
      ],
      ['/[^ -~]/g', '/[]/g'],
    ],
  },
  {
    file: 'src/live/connections.ts',
    tests: LIVE,
    changes: [
      [
        'if (connectionsOf(ctx).length >= MAX_CONNECTIONS) return undefined\n  const { 0: client',
        'const { 0: client',
      ],
      [
        'if (connectionsOf(ctx).length >= MAX_CONNECTIONS) return undefined\n  const { readable',
        'const { readable',
      ],
      ['ctx.setWebSocketAutoResponse(', 'void ('],
      ["socket.send(textOf({ type: 'ended', reason }))", ''],
      ['socket.close(ENDED_CODE, reason)', 'socket.close(1000, reason)'],
      ['stream.writer.close().catch(ignore)', ''],
      ["connection.end('replaced')\n      continue", 'continue'],
      [
        'subscription.userId !== undefined && subscription.userId !== userId',
        'subscription.userId !== userId',
      ],
      ['if (subscription.userId !== userId) connection.subscribe({ ...subscription, userId })', ''],
      ["if (change.method === 'regenerate') connection.send", 'if (false) connection.send'],
      ["if (change.method === 'regenerate') connection.send", 'connection.send'],
      ['if (alarm === null || alarm > time)', 'if (alarm === null)'],
    ],
  },
  {
    file: 'src/live/changed-message.ts',
    tests: LIVE,
    changes: [
      ['.filter((name) => name.startsWith(DATA))', ''],
      ['if (keys.length === 0) return undefined', ''],
      ['values.filter((key) => keys.includes(key))', 'values'],
      ['values.length === 0 ?', 'false ?'],
      ['return JSON.stringify(text)', 'return text'],
    ],
  },
  {
    file: 'src/live/object.ts',
    tests: LIVE,
    changes: [
      [
        'if (socket.readyState === WebSocket.OPEN) socket.close(1008',
        'if (false) socket.close(1008',
      ],
      ['    socket.close()\n', ''],
      [
        "if (change.method === 'regenerate' && userId !== undefined) replaceWatchers(host, userId)",
        '',
      ],
      ['    host.ctx.waitUntil(wakeAtEnd(host, change.meta))\n', ''],
      ['    endConnections(host, reason)\n', ''],
      ['return tellWatchers(host, reason)', 'return false'],
      [
        '  const response = open(host, subscription)\n  await wakeAtEnd(host, meta)',
        '  const response = open(host, subscription)',
      ],
      [
        'if (!reply.ok || meta === undefined || isTombstone(meta)) return undefined',
        'if (meta === undefined) return undefined',
      ],
      [
        '    await wakeAtEnd(host, meta)\n  }\n  return',
        '  }\n  return',
        'the alarm of the end is later by the touch only where the timeouts have become shorter',
      ],
    ],
  },
  {
    file: 'src/live/watchers.ts',
    tests: LIVE,
    changes: [
      ['if (isKnown) return true', 'if (false) return true'],
      ['if (known.length >= MAX_WATCHERS) return false', ''],
      ['if (each.reason === null && each.id === id) remove', 'if (each.id !== id) remove'],
      ['if (watchers.every((each) => each.reason !== null)) return true', ''],
      ['beginTelling(host)\n  return true', 'return true'],
      ["if (others.some((each) => each.user !== '')) beginTelling(host)", ''],
      ['remove(storage, watcher)\n  } catch', '} catch'],
      ['if (tries >= MAX_TRIES) remove(storage, watcher)', 'if (true) remove(storage, watcher)'],
      ['await wakeAt(host, Date.now() + delay)', ''],
      ['if (left.length === 0) return host.empty()', 'if (left.length === 0) return'],
      ['void host.ctx.storage.setAlarm(Date.now() + TIME_LIMIT_MS + FIRST_RETRY_MS)', ''],
    ],
  },
  {
    file: 'src/live/client.ts',
    tests: ['test/live/client.test.ts'],
    changes: [
      ['if (code === ENDED_CODE) end(reason as EndReason)\n      else lost()', 'lost()'],
      ["status === 401 ? end('unknown') : open()", 'open()'],
      [
        "if (message.type === 'ended') end(message.reason)\n      else listener(message)",
        'listener(message)',
      ],
      ["credentials: 'include', ", ''],
    ],
  },
]
