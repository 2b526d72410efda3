/** @module From a text request to the model's own tokens, with the part that holds nothing of a user known by length. */
import {
  type ChatHistoryItem,
  type ChatWrapper,
  type LlamaModel,
  type LlamaText,
  resolveChatWrapper,
  type Token,
} from 'node-llama-cpp'
import type { TextRequest } from '../../tasks/task.ts'

export interface Prompt {
  /** Everything that is evaluated before the first generated token. */
  readonly tokens: readonly Token[]
  /** The first tokens that depend on the system part and the user part's lead alone: what may stay in a slot after the job. Examples may quote a user and are not among them. */
  readonly shared: () => readonly Token[]
  /** Generation ends at any of these tokens, which are not text. */
  readonly stopTokens: ReadonlySet<Token>
  /** Generation ends before any of these texts. */
  readonly stopTexts: readonly string[]
}

/** Renders requests in the chat format of the model's file. User text stays text: control tokens written in it are spelled out. */
export function createPrompter(model: LlamaModel): (request: TextRequest) => Prompt {
  const wrapper = resolveChatWrapper(model)
  const tokenize = (request: Turns) => render(model, wrapper, request)
  let last:
    | { readonly system: string; readonly lead: string; readonly shared: readonly Token[] }
    | undefined
  // Two users that go on with different tokens: what their prompts have in common holds nothing of either.
  const sharedOf = ({ system, userLead: lead = '' }: TextRequest): readonly Token[] => {
    if (last?.system === system && last.lead === lead) return last.shared
    const one = tokenize({ system, user: `${lead}a` }).tokens
    const other = tokenize({ system, user: `${lead}0` }).tokens
    const shared = one.slice(0, commonLength(one, other))
    last = { system, lead, shared }
    return shared
  }
  return (request) => {
    const { tokens, triggers } = tokenize(request)
    const stopTokens = new Set<Token>()
    const stopTexts = [...(request.stop ?? [])]
    for (const trigger of triggers) {
      const [first, ...more] = trigger.tokenize(model.tokenizer)
      if (first !== undefined && more.length === 0) stopTokens.add(first)
      else if (trigger.values.every((value) => typeof value === 'string'))
        stopTexts.push(trigger.values.join(''))
    }
    // Asked for when the run is over: the first token does not wait for it.
    return { tokens, shared: () => sharedOf(request), stopTokens, stopTexts }
  }
}

/** How many tokens two lists have in common at their start. */
export function commonLength(a: readonly Token[], b: readonly Token[]): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}

type Turns = Pick<TextRequest, 'system' | 'examples' | 'user' | 'answerPrefix'>

function render(
  model: LlamaModel,
  wrapper: ChatWrapper,
  request: Turns,
): { tokens: readonly Token[]; triggers: readonly LlamaText[] } {
  const chatHistory: ChatHistoryItem[] = [{ type: 'system', text: request.system }]
  for (const { user, answer } of request.examples ?? []) {
    chatHistory.push({ type: 'user', text: user }, { type: 'model', response: [answer] })
  }
  chatHistory.push(
    { type: 'user', text: request.user },
    { type: 'model', response: request.answerPrefix ? [request.answerPrefix] : [] },
  )
  const state = wrapper.generateContextState({ chatHistory })
  return {
    tokens: state.contextText.tokenize(model.tokenizer),
    triggers: state.stopGenerationTriggers,
  }
}
