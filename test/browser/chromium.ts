import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

import { programOf } from './programs.ts'

/** The Chromium of this machine; `undefined` where there is none. */
export const CHROMIUM: string | undefined = programOf([
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
])

/** Starts Chromium without a window. Root has no sandbox, and what it is shown here is our own. */
export function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('There is no Chromium on this machine.')
  const args = ['--no-sandbox', ...(options.args ?? [])]
  return chromium.launch({ ...options, executablePath: CHROMIUM, args })
}
