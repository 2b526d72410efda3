/** @module Every error code of the system in one table; codes travel on wires and are never renamed after a release. */

/** Which sentence a person gets. `bot/texts/*` answer each one, so a missing translation does not compile. */
export type Sentence =
  | 'busy'
  | 'ours'
  | 'expired'
  | 'cancelled'
  | 'invalid'
  | 'too-large'
  | 'too-long'
  | 'unsupported'
  | 'damaged'
  | 'no-speech'
  | 'empty-page'
  | 'page-refused'
  | 'page-failed'
  | 'scan'
  | 'encrypted'
  | 'language'
  | 'too-many'
  | 'rights'
  | 'too-old'
  | 'operator'
  | 'funds'

/** `http`: API status. `retry`: who may try again. `blame`: whose fault, decides what counts against a worker. */
export interface ErrorSpec {
  readonly http: number
  readonly retry: 'never' | 'later' | 'other-worker'
  readonly blame: 'user' | 'worker' | 'us'
  readonly say: Sentence
}

const user = (http: number, say: Sentence) =>
  ({ http, retry: 'never', blame: 'user', say }) as const
const us = (http: number, say: Sentence) => ({ http, retry: 'later', blame: 'us', say }) as const
const worker = (say: Sentence) =>
  ({ http: 502, retry: 'other-worker', blame: 'worker', say }) as const
const operator = { http: 500, retry: 'never', blame: 'us', say: 'operator' } as const

export const ERRORS = {
  // What a person sent
  'input.invalid': user(400, 'invalid'),
  'input.too-large': user(413, 'too-large'),
  'input.too-long': user(413, 'too-long'),
  'input.unsupported': user(415, 'unsupported'),
  'input.empty': user(400, 'invalid'),
  'input.task-unknown': user(400, 'invalid'),
  'input.language': user(400, 'language'),
  'input.too-many': user(429, 'too-many'),
  'input.too-old': user(410, 'too-old'),
  'input.rights': user(403, 'rights'),
  'input.amount': user(400, 'invalid'),
  'audio.undecodable': user(422, 'damaged'),
  'audio.no-speech': user(422, 'no-speech'),
  'document.damaged': user(422, 'damaged'),
  'document.scan': user(422, 'scan'),
  'document.encrypted': user(422, 'encrypted'),
  'page.refused': user(422, 'page-refused'),
  'page.failed': user(422, 'page-failed'),
  'page.empty': user(422, 'empty-page'),
  // Our stores and processes
  'internal.error': us(500, 'ours'),
  'stores.down': us(503, 'busy'),
  'stores.full': us(503, 'busy'),
  'stores.lost': us(500, 'ours'),
  'config.invalid': operator,
  'config.port-in-use': operator,
  'config.data-folder': operator,
  'config.redis': operator,
  'db.in-use': operator,
  'db.migration-changed': operator,
  'db.migration-failed': operator,
  'db.newer-than-code': operator,
  'db.locked': operator,
  'telegram.token': operator,
  'telegram.conflict': operator,
  'telegram.file': us(502, 'ours'),
  // Jobs
  'job.cancelled': { http: 499, retry: 'never', blame: 'user', say: 'cancelled' },
  'job.expired': us(504, 'expired'),
  'job.unknown': user(404, 'too-old'),
  // Money
  'price.invalid': operator,
  'price.unknown': user(400, 'unsupported'),
  'funds.insufficient': user(402, 'funds'),
  'quota.spent': user(402, 'funds'),
  'hold.closed': us(409, 'ours'),
  'receipt.conflict': worker('ours'),
  'chain.unavailable': us(503, 'busy'),
  'chain.exit': us(502, 'ours'),
  'chain.refused': us(502, 'ours'),
  'chain.gap': us(502, 'ours'),
  'chain.disagree': operator,
  'localnet.damaged': operator,
  'localnet.forbidden': operator,
  'settlement.foreign_use': operator,
  'settlement.halted': operator,
  'settlement.order': us(500, 'ours'),
  'settlement.drift': operator,
  'deposit.account': user(400, 'invalid'),
  'deposit.code': user(404, 'invalid'),
  'deposit.id': user(400, 'invalid'),
  'deposit.wallet': operator,
  'deposit.signer': operator,
  'deposit.not-waiting': user(409, 'invalid'),
  'admin.key-missing': operator,
  'admin.signer': operator,
  'admin.endpoint': operator,
  'admin.network': operator,
  'admin.not-deployed': operator,
  'admin.owner': operator,
  'registry.rollback': operator,
  'registry.empty': operator,
  'registry.stale': operator,
  'statement.invalid': user(422, 'damaged'),
  'voucher.invalid': worker('ours'),
  'voucher.domain': worker('ours'),
  'voucher.sig': worker('ours'),
  'ledger.rollback': operator,
  // Wallets of GPU owners
  'wallet.ticket': user(410, 'too-old'),
  'wallet.change-open': user(409, 'invalid'),
  'wallet.change-unknown': user(410, 'too-old'),
  'wallet.proof.shape': user(400, 'invalid'),
  'wallet.proof.base64': user(400, 'invalid'),
  'wallet.proof.network': user(422, 'invalid'),
  'wallet.proof.workchain': user(422, 'invalid'),
  'wallet.proof.test-only': user(422, 'invalid'),
  'wallet.proof.own-contract': user(422, 'invalid'),
  'wallet.proof.domain': user(422, 'invalid'),
  'wallet.proof.domain-length': user(422, 'invalid'),
  'wallet.proof.old': user(422, 'too-old'),
  'wallet.proof.future': user(422, 'invalid'),
  'wallet.proof.timestamp': user(422, 'invalid'),
  'wallet.proof.state-init': user(422, 'invalid'),
  'wallet.proof.address': user(422, 'invalid'),
  'wallet.proof.code': user(422, 'unsupported'),
  'wallet.proof.key': user(422, 'invalid'),
  'wallet.proof.signature': user(422, 'invalid'),
  'wallet.proof.nonce-unknown': user(422, 'too-old'),
  'wallet.proof.nonce-used': user(422, 'too-old'),
  'wallet.proof.nonce-foreign': user(422, 'invalid'),
  'wallet.proof.nonce-expired': user(422, 'too-old'),
  // Models and engines; what a worker may report
  'models.absent': worker('ours'),
  'models.corrupt': worker('ours'),
  'models.unpinned': operator,
  'models.fixture': operator,
  'models.disk': operator,
  'models.source': operator,
  'models.licence': operator,
  'models.unknown': operator,
  'engine.oom': worker('ours'),
  'engine.gpu-missing': worker('ours'),
  'engine.crash': worker('ours'),
  'engine.stuck': worker('ours'),
  'engine.key-open': worker('ours'),
  // Workers and their admission
  'worker.none': us(503, 'busy'),
  'worker.lost': worker('ours'),
  'worker.late': worker('ours'),
  'admission.frame': worker('ours'),
  'admission.step': worker('ours'),
  'admission.timeout': worker('ours'),
  'admission.rate': worker('ours'),
  'admission.join': worker('ours'),
  'admission.evidence': worker('ours'),
  'net.mismatch': worker('ours'),
  'claims.shape': worker('ours'),
  'claims.nonce': worker('ours'),
  'claims.aud': worker('ours'),
  'claims.epoch': worker('ours'),
  'claims.keyset': worker('ours'),
  'claims.key-reuse': worker('ours'),
  'claims.kem-key': worker('ours'),
  'claims.sig': worker('ours'),
  'claims.payout': worker('ours'),
  'claims.model': worker('ours'),
  'challenge.sig': worker('ours'),
  // Envelope, release, result stream, receipt
  'env.shape': worker('ours'),
  'env.net': worker('ours'),
  'env.expired': us(504, 'expired'),
  'env.size': user(413, 'too-long'),
  'env.commit': worker('ours'),
  'env.padding': worker('ours'),
  'env.open': worker('ours'),
  'release.no-session': worker('ours'),
  'release.tier': worker('ours'),
  'release.model': worker('ours'),
  'release.kid': worker('ours'),
  'release.expired': us(504, 'expired'),
  'release.closed': us(409, 'ours'),
  'release.attempts': us(502, 'ours'),
  'release.log': us(503, 'busy'),
  'release.fenced': worker('ours'),
  'release.key-gone': us(500, 'ours'),
  'result.header': worker('ours'),
  'result.order': worker('ours'),
  'result.open': worker('ours'),
  'result.truncated': worker('ours'),
  'result.size': worker('ours'),
  'result.shape': worker('ours'),
  'result.after-final': worker('ours'),
  'receipt.shape': worker('ours'),
  'receipt.key': worker('ours'),
  'receipt.sig': worker('ours'),
  'receipt.keyset': worker('ours'),
  'receipt.release': worker('ours'),
  'receipt.env': worker('ours'),
  'receipt.input': worker('ours'),
  'receipt.output': worker('ours'),
  'receipt.stream': worker('ours'),
  'receipt.weights': worker('ours'),
  'receipt.units': worker('ours'),
  'receipt.time': worker('ours'),
} as const satisfies Record<string, ErrorSpec>

export type ErrorCode = keyof typeof ERRORS

/** The codes a worker may put into a `fail` frame; anything else is `admission.frame`. */
export const WORKER_CODES = [
  'models.absent',
  'models.corrupt',
  'engine.oom',
  'engine.gpu-missing',
  'engine.crash',
  'engine.stuck',
  'engine.key-open',
  'input.too-long',
  'input.unsupported',
  'input.language',
  'input.task-unknown',
  'audio.undecodable',
  'job.cancelled',
  'stores.lost',
] as const satisfies readonly ErrorCode[]
export type WorkerCode = (typeof WORKER_CODES)[number]
