interface Form {
  key: string
  value: string
  wait: string
  awaited?: string
}

export default defineEventHandler(async (event) => {
  const session = useEdgeSession(event)
  const { key, value, wait, awaited } = await readBody<Form>(event)
  await session.load()
  await new Promise((resolve) => setTimeout(resolve, Math.min(Number(wait), 2000)))
  session.set(key === 'b' ? 'b' : 'a', value)
  // Otherwise what was recorded is written after the handler.
  if (awaited === '1') await session.commit()
  return { ok: true }
})
