/** @module /export and /terms: what is kept about a person, as a file, and the rules in short. */
import { type Composer, InputFile } from 'grammy'
import type { Ctx, Services } from '../context.ts'
import type { ExportStore } from '../people/export-store.ts'

export function addData(
  composer: Composer<Ctx>,
  { exports, me }: Pick<Services, 'me'> & { readonly exports: ExportStore },
): void {
  composer.command('export', async (ctx) => {
    if (!ctx.from) return
    const json = new TextEncoder().encode(await exports.of(ctx.from.id))
    await ctx.replyWithDocument(new InputFile(json, 'my-data.json'), {
      caption: ctx.texts.data.export,
    })
  })
  composer.command('terms', async (ctx) => {
    await ctx.reply(ctx.texts.data.terms(`@${me.username}`))
  })
}
