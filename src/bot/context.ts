/** @module What every handler finds in its context, and the services all features share. */
import type { ConversationFlavor } from '@grammyjs/conversations'
import type { Api, Context } from 'grammy'
import type { Message, UserFromGetMe } from 'grammy/types'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { StarsDesk } from '../payments/stars/stars-desk-port.ts'
import type { Desk } from '../queue/desk-port.ts'
import type { Copies } from './delivery/copies.ts'
import type { DeliveryStore } from './delivery/delivery.ts'
import type { Settings } from './people/settings.ts'
import type { UserStore } from './people/user-store.ts'
import type { Accept, Choice } from './requests/accept.ts'
import type { Limits } from './requests/limits.ts'
import type { Pricing } from './requests/pricing.ts'
import type { Files } from './telegram/files.ts'
import type { Texts, UiLanguage } from './texts/texts.ts'

export interface PersonFlavor {
  /** All messages of the request, the leading one included. */
  parts: readonly Message[]
  settings: Settings
  ui: UiLanguage
  texts: Texts
  /** Work that may outlast the handler (downloads); the update stays open until it is done. */
  /** Where the answers of this update go, if not into its chat. */
  answersIn?:
    | { readonly kind: 'aside'; readonly ephemeralId: number }
    | { readonly kind: 'private'; readonly chatId: number }
  track: (work: Promise<void>) => void
  /** The person pressed the button with the price. */
  isPriceAgreed?: boolean
}

export type Ctx = ConversationFlavor<Context & PersonFlavor>

export interface Services {
  readonly api: Api
  readonly desk: Desk
  readonly accept: Accept
  readonly deliveries: DeliveryStore
  readonly users: UserStore
  readonly copies: Copies
  readonly files: Files
  readonly limits: Limits
  readonly choice: Choice
  readonly me: UserFromGetMe
  /** Both absent where nothing is charged. */
  readonly money?: StarsDesk
  readonly pricing?: Pricing
  readonly clock: Clock
  readonly log: Log
}
