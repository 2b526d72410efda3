/** @module Chromium for page tests: the machine's own, headless, with its sandbox as the machine allows. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const executablePath = process.env['CHRYSALIS_CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether page tests can run here; where not, they skip and say so. */
export const hasChromium = existsSync(executablePath)

/** A fresh headless browser. A fake microphone is given where `microphone` asks; nothing outside this machine is contacted. */
export function launchChromium(options: { microphone?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      // Containers run as root, where Chromium's own sandbox cannot start.
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      ...(options.microphone === true
        ? ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream']
        : []),
    ],
  })
}
