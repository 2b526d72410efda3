/** @module A wallet whose key is made and kept in this browser, for networks without real money; it signs as a real one does. */

const slot = 'chrysalis-test-wallet'
const encoder = new TextEncoder()

/** What a wallet hands over for a nonce. `post` asks this page's server for the address that belongs to the key. */
export async function proveWithTestWallet({ nonce, domain, network }, post) {
  const { privateKey, publicKey } = await openKey()
  const { address, walletStateInit } = await post('test', { publicKey })
  const timestamp = Math.floor(Date.now() / 1000)
  const digest = await digestOf({ address, domain, timestamp, payload: nonce })
  const signature = await crypto.subtle.sign('Ed25519', privateKey, digest)
  const lengthBytes = encoder.encode(domain).length
  return {
    address,
    network,
    publicKey,
    walletStateInit,
    proof: {
      timestamp,
      domain: { lengthBytes, value: domain },
      payload: nonce,
      signature: toBase64(new Uint8Array(signature)),
    },
  }
}

async function openKey() {
  const kept = localStorage.getItem(slot)
  if (kept !== null) {
    const jwk = JSON.parse(kept)
    const privateKey = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', true, ['sign'])
    return { privateKey, publicKey: toHex(fromBase64url(jwk.x)) }
  }
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
  localStorage.setItem(slot, JSON.stringify(jwk))
  return { privateKey: pair.privateKey, publicKey: toHex(fromBase64url(jwk.x)) }
}

/** TON Connect's `ton-proof-item-v2/` message, hashed twice. */
async function digestOf({ address, domain, timestamp, payload }) {
  const [workchain, hash] = address.split(':')
  const name = encoder.encode(domain)
  const numbers = new DataView(new ArrayBuffer(16))
  numbers.setInt32(0, Number(workchain), false)
  numbers.setUint32(4, name.length, true)
  numbers.setBigUint64(8, BigInt(timestamp), true)
  const bytes = new Uint8Array(numbers.buffer)
  const message = joined(
    encoder.encode('ton-proof-item-v2/'),
    bytes.slice(0, 4),
    fromHex(hash),
    bytes.slice(4, 8),
    name,
    bytes.slice(8),
    encoder.encode(payload),
  )
  const inner = new Uint8Array(await crypto.subtle.digest('SHA-256', message))
  const marked = joined(Uint8Array.of(0xff, 0xff), encoder.encode('ton-connect'), inner)
  return crypto.subtle.digest('SHA-256', marked)
}

function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16))
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes))
const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (it) => it.charCodeAt(0))
