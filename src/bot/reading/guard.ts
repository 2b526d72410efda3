/** @module Which addresses a link may lead to: public ones, on the web's two ports. Everything else is `page.refused`. */
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError } from '../../core/app-error.ts'

export interface GuardRules {
  /**
   * Lets links lead to this machine (127.0.0.0/8, ::1) on any port. Off wherever strangers write to the bot: such a link
   * reaches whatever else listens here. On in tests and where a person tries the whole system on one machine.
   */
  readonly loopback: boolean
}

export const STRICT_RULES: GuardRules = { loopback: false }

/** Finds all addresses of a host name, in the manner of `dns.lookup`. */
export type Resolve = (
  host: string,
  done: (error: Error | null, answers: LookupAddress[]) => void,
) => void

const WEB_PORTS = new Set([80, 443])
/** Global unicast, RFC 4291 §2.4; outside of it ipaddr.js calls addresses unicast that are none, `::127.0.0.1` for one. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3')
/** Longer ones are no links that people write; browsers cut there as well. */
const MAX_URL = 4096

/**
 * Parses `link` and checks all that can be told before a name is resolved: scheme, credentials, port, literal address.
 * A bare `example.com/a` gets https. Throws `page.refused`.
 * Does not check what the name resolves to: that is `allowedAnswers`, in the connection's own lookup, so that the
 * checked address is the used one.
 */
export function checkLink(link: string | URL, rules: GuardRules): URL {
  const url = parse(link)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('scheme')
  if (url.username !== '' || url.password !== '') throw refused('credentials')
  const literal = literalOf(url.hostname)
  const port = portOf(url)
  if (literal !== undefined && !isAllowed({ address: literal, port }, rules))
    throw refused('address')
  // With loopback allowed, a name on another port may still be this machine: its answers decide.
  if (literal === undefined && !WEB_PORTS.has(port) && !rules.loopback) throw refused('port')
  return url
}

/** The answers that may be connected to on `port`; none when the name leads nowhere a stranger may send us. */
export const allowedAnswers = (
  answers: readonly LookupAddress[],
  port: number,
  rules: GuardRules,
): LookupAddress[] => answers.filter(({ address }) => isAllowed({ address, port }, rules))

/** Whether `link` names its scheme; `host:8080/a` does not. */
export const hasScheme = (link: string): boolean =>
  /^[a-z][a-z0-9+.-]*:/i.test(link) && !/^[^/]*:\d+(?:[/?#]|$)/.test(link)

function isAllowed(target: { address: string; port: number }, rules: GuardRules): boolean {
  if (!ipaddr.isValid(target.address)) return false
  // `process` unwraps ::ffff:a.b.c.d, the IPv4 address the system would really connect to.
  const address = ipaddr.process(target.address)
  const range: string = address.range()
  if (range === 'loopback') return rules.loopback
  if (range !== 'unicast' || !WEB_PORTS.has(target.port)) return false
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_V6)
}

/** The address when `hostname` is one (URL has already turned `0x7f.1` and the like into four decimals), else undefined. */
function literalOf(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? undefined : bare
}

const portOf = (url: URL): number =>
  url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)

function parse(link: string | URL): URL {
  const text = String(link)
  if (text.length > MAX_URL) throw refused('length')
  const url = URL.parse(hasScheme(text) ? text : `https://${text}`)
  if (url === null) throw refused('syntax')
  return url
}

type Why = 'scheme' | 'credentials' | 'port' | 'address' | 'length' | 'syntax'

/** The error keeps no cause: `new URL`'s holds the link in clear. */
const refused = (why: Why): AppError => new AppError('page.refused', { why })
