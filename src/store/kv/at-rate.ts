/** KV accepts one write a second for a key (Cloudflare: KV, limits). */
const INTERVAL_MS = 1000

/** Writes a key. If KV refuses because the key was written within the last second, tries once more a second later. */
export async function atRate(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!/\b429\b/.test(String(error))) throw error
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
    await write()
  }
}
