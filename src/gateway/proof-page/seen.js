/** @module The newest policy that this device saw of each network; without storage there is nothing to compare. */

const nameOf = (net) => `chrysalis.policy.${net}`

export function readSeen(net) {
  try {
    const seen = JSON.parse(localStorage.getItem(nameOf(net)) ?? 'null')
    return Number.isSafeInteger(seen?.epoch) &&
      Number.isSafeInteger(seen?.checkedAt) &&
      /^[0-9a-f]{64}$/.test(seen.sha256)
      ? seen
      : undefined
  } catch {
    return undefined
  }
}

export function rememberSeen({ net, epoch, sha256, checkedAt }) {
  const seen = readSeen(net)
  if (seen && (seen.epoch > epoch || (seen.epoch === epoch && seen.checkedAt >= checkedAt))) return
  try {
    localStorage.setItem(nameOf(net), JSON.stringify({ epoch, sha256, checkedAt }))
  } catch {
    // A private window keeps nothing.
  }
}
