import {
  buildApp,
  findApps,
  removeApp,
  serveApp,
  SkippedError,
} from '../../test/frameworks/apps.ts'
import { walk } from '../../test/frameworks/race-table.ts'

/**
 * Installs, type-checks, builds and serves an application of `examples/frameworks/` by its framework's own tools, and sends
 * it a visitor's requests. Returns why it could not be tried on this machine; `undefined` if it was. Throws for what is wrong.
 */
export async function followApp(name: string, tarball: string): Promise<string | undefined> {
  const app = (await findApps()).find((each) => each.name === name)
  if (app === undefined) throw new Error('It has no package.json.')
  try {
    const directory = await buildApp(app, tarball)
    const server = await serveApp(directory)
    await walk(server.origin).finally(() => server.stop())
    await removeApp(directory)
    return undefined
  } catch (error) {
    if (error instanceof SkippedError) return `${app.title}: ${error.message}.`
    throw error
  }
}
