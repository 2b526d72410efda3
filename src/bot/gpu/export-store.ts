/** @module What is kept of a person as a GPU owner, for /export. */
import type { Database } from '../../db/database.ts'

/** Address, machines, changes of address, and what was told. Of join tokens, links and nonces the times alone: their hashes say nothing to a person. */
export async function machinesOfOwner(db: Database, owner: string): Promise<object> {
  const { rows } = db
  const where = { where: { owner } }
  const [address, machines, joins, changes, told, links, nonces] = await Promise.all([
    rows.owner.findUnique({ where: { id: owner } }),
    rows.machine.findMany({ ...where, omit: { token: true }, orderBy: { number: 'asc' } }),
    rows.joinToken.findMany({ ...where, omit: { hash: true } }),
    rows.payoutChange.findMany({ ...where, omit: { open: true } }),
    rows.ownerNotice.findMany(where),
    rows.walletTicket.findMany({ ...where, omit: { hash: true } }),
    rows.walletNonce.findMany({ ...where, omit: { hash: true } }),
  ])
  return { owner: address, machines, joins, changes, told, links, nonces }
}
