import { describe, expect, test } from 'vitest'
import { proofAddressOf, proofButton } from '../../../../src/bot/delivery/proof-links.ts'
import { newJobId } from '../../../../src/core/ids.ts'

const salts = { input: new Uint8Array(32), output: new Uint8Array(32) }
const page = (job: string): string => `https://proof.example.org/proof#${job}`
const app = (job: string): string => `https://proof.example.org/proof?p=${job}`

describe('the Proof button', () => {
  test('is a plain address where the page has no https address', () => {
    const address = proofAddressOf({ page }, newJobId(), salts)

    expect(proofButton('Proof', address, 'private')).toEqual({ text: 'Proof', url: address.page })
  })

  test('opens the Mini App in private chats only: Telegram takes it nowhere else', () => {
    const address = proofAddressOf({ page, app }, newJobId(), salts)

    expect(proofButton('Proof', address, 'private')).toEqual({
      text: 'Proof',
      web_app: { url: address.app },
    })
    for (const place of ['group', 'comment', 'aside'] as const)
      expect(proofButton('Proof', address, place)).toEqual({ text: 'Proof', url: address.page })
  })
})
