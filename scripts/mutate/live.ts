import type { MutatedFile } from './mutation.ts'

const LIVE = [
  'test/live/live.test.ts',
  'test/live/ends.test.ts',
  'test/live/parts.test.ts',
  'test/live/replaced.test.ts',
]

/** Connections that end with their session. */
export const LIVE_FILES: readonly MutatedFile[] = [
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
