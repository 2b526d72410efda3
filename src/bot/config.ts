/** @module The bot's settings. */
import { z } from 'zod'
import { flag, folderSchema, netSchema, secret } from '../core/config.ts'
import { isFrontId, isModelId } from '../core/ids.ts'

const token = z.string().regex(/^\d+:[A-Za-z0-9_-]+$/, 'expected the token BotFather gave you')

export const botConfig = z.object({
  CHRYSALIS_NET: netSchema.default('devnet'),
  CHRYSALIS_DATA: folderSchema,
  REDIS_URL: secret(),
  TELEGRAM_TOKEN: token.pipe(secret()),
  TELEGRAM_API_ROOT: z.url({ protocol: /^https?$/ }).default('https://api.telegram.org'),
  CHRYSALIS_FRONT: z.string().default('bot-1').refine(isFrontId, 'expected letters, digits, -'),
  CHRYSALIS_TEXT_MODEL: z
    .string()
    .default('qwen2.5-coder-1.5b')
    .refine(isModelId, 'expected a model id'),
  CHRYSALIS_SPEECH_MODEL: z
    .string()
    .default('whisper-base')
    .refine(isModelId, 'expected a model id'),
  /** Links may lead to this machine: only for trying the whole system on one machine. */
  CHRYSALIS_ALLOW_LOOPBACK_LINKS: flag().default(false),
})
