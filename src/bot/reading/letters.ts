/** @module The words of a message: what is left when links, mentions, code and signs are taken out. */

/**
 * `text` without what belongs to no language: links, addresses, @mentions, #tags, /commands, code, digits, emoji and other signs.
 * Letters, marks, apostrophes and hyphens inside words stay, words are parted by one blank.
 */
export function lettersOnly(text: string): string {
  return text
    .replace(/```[^`]*(?:```|$)/g, ' ')
    .replace(/`[^`\n]+`/g, ' ')
    .replace(/\b[a-z][a-z0-9+.-]{1,15}:\/\/\S+/gi, ' ')
    .replace(/(?<![\p{L}\p{N}_])(?:www\.|t\.me\/)\S+/giu, ' ')
    .replace(/(?<!\S)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,10}(?:\/\S*)?(?!\S)/g, ' ')
    .replace(/[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}/g, ' ')
    .replace(/(?<![\p{L}\p{N}_])[@#/][\p{L}\p{N}_]+/gu, ' ')
    .replace(/[^\p{L}\p{M}'’ʼ-]+/gu, ' ')
    .replace(/(?<!\p{L}|\p{M})['’ʼ-]+|['’ʼ-]+(?!\p{L})/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Letters in `text`, marks not counted. */
export const letterCount = (text: string): number => text.match(/\p{L}/gu)?.length ?? 0
