import { expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import { type Save, SessionCell } from '../../src/record/session-cell.ts'
import { memoryStore } from '../../src/store/memory.ts'
import {
  describeStoreContract,
  entriesOf,
  IDLE,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
} from './contract.ts'

describeStoreContract('memory', { store: memoryStore() })

test('shares nothing mutable between what it returns and what it stores', async () => {
  const store = memoryStore()
  const credential = await newSession(store, { '=a': '1' })
  const patch = newPatch({ take: ['=absent'], increment: [['=n', 1]] })
  const first = await store.write(credential, momentAt(0), patch)
  Object.assign(first, { taken: ['stolen'], counts: [100] })
  const read = await entriesOf(store, credential)
  Object.assign(read, { '=a': '2', '=b': '3' })
  expect(await entriesOf(store, credential)).toEqual({ '=a': '1', '=n': '1' })
  expect(await store.write(credential, momentAt(0), patch)).toMatchObject({
    taken: [null],
    counts: [1],
  })
})

test('shares nothing mutable between what it was given and what it stores', async () => {
  const store = memoryStore()
  const credential = newCredential(store)
  const set: [string, string][] = [['=a', '1']]
  const creating = store.create(credential, momentAt(0), newPatch({ set }))
  set.push(['=b', '2'])
  await creating
  set[0] = ['=a', '3']
  expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
})

test('knows no session of another memory', async () => {
  const credential = await newSession(memoryStore())
  const reply = await memoryStore().read(credential, momentAt(0))
  expect(reply).toEqual({ ok: false, gone: 'ended' })
})

test('sweeps the expired sessions out after 1,000 new ones, and those alone', async () => {
  const store = memoryStore()
  const past = momentAt(-2 * IDLE)
  const expired = newCredential(store)
  await store.create(expired, past, setting({ '=a': '1' }))
  const used = newCredential(store)
  await store.create(used, past, setting({ '=a': '1' }))
  await store.read(used, momentAt(-IDLE - 1))
  await store.read(used, momentAt(-1000))
  for (let made = 2; made < 999; made += 1) await newSession(store)
  expect(await entriesOf(store, expired, past)).toEqual({ '=a': '1' })
  await newSession(store)
  expect(await store.read(expired, past)).toEqual({ ok: false, gone: 'ended' })
  expect(await entriesOf(store, used)).toEqual({ '=a': '1' })
})

test('remembers what was once, when the expired ones are swept out, as long as it has to', async () => {
  const store = memoryStore()
  const past = momentAt(-2 * IDLE)
  const credential = newCredential(store)
  const patch = { ...setting({ '=a': '1' }), onceUntil: momentAt(1000).now }
  await store.create(credential, past, patch)
  for (let made = 1; made < 1000; made += 1) await newSession(store)
  await newSession(store)
  expect(await store.read(credential, past)).toEqual({ ok: false, gone: 'ended' })
  expect(await store.create(credential, momentAt(0), patch)).toEqual({ ok: false, gone: 'ended' })
  for (let made = 0; made < 1000; made += 1) {
    await store.create(newCredential(store), momentAt(1000), setting({ '=a': '1' }))
  }
  expect(await store.create(credential, momentAt(1000), patch)).toMatchObject({ ok: true })
})

test('hands what it saves over without the secret', async () => {
  const saved: string[] = []
  const save: Save = (state) => {
    saved.push(JSON.stringify([state?.meta, ...(state?.entries ?? [])]))
    return undefined
  }
  const cell = new SessionCell(undefined, save)
  const secret = newRandomText()
  const newSecret = newRandomText()
  const { now, idle, absolute, touch } = momentAt(0)
  const moment = [now, idle, absolute, touch, 0]
  const patch = setting({ '=name': '"Ada"' })
  await cell.call(JSON.stringify(['create', secret, ...moment, patch]))
  await cell.call(JSON.stringify(['regenerate', secret, ...moment, null, { secret: newSecret }]))
  expect(saved).toHaveLength(2)
  expect(saved.join('\n')).toContain('Ada')
  expect(saved.join('\n')).not.toContain(secret)
  expect(saved.join('\n')).not.toContain(newSecret)
})
