import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

import { type Browser, chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium of this machine; `undefined` where there is none. */
export const CHROMIUM: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isProgram)

/** Starts Chromium without a window. Root has no sandbox, and what it is shown here is our own. */
export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('There is no Chromium on this machine.')
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
