/** @module Who serves this page, and one hash over all of its files, to compare with a release. */
import { el } from './dom.js'

/** Undefined when the listing cannot be had. */
export async function hashOfFiles() {
  try {
    const listing = await (await fetch('/proof/files.json', { credentials: 'omit' })).json()
    return /^[0-9a-f]{64}$/.test(listing.sha256) ? listing.sha256 : undefined
  } catch {
    return undefined
  }
}

export function renderOrigin(words, files) {
  document
    .querySelector('#origin')
    .replaceChildren(
      el('p', {}, words.origin.served(location.host)),
      ...(files ? [el('p', {}, `${words.origin.hash} `, el('code', {}, files))] : []),
      el('p', {}, words.origin.compare),
    )
}
