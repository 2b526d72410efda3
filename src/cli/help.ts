/** @module The help text: every command in one screen. */

export const HELP = `Chrysalis: AI for Telegram that nobody else can read.

  ./chrysalis start                  run everything on this machine and print the address of the chat page
  ./chrysalis test                   run all tests (installs what they need)
  ./chrysalis try TEXT|FILE…|URL|-   send something to the running system and print the answer

  ./chrysalis models pull|list|verify   the weights: fetch, show, check
  ./chrysalis doctor                 what is wrong with this machine and what to do about it
  ./chrysalis evidence verify --tee tdx|snp|nvidia FILE   what a quote or report is worth
  ./chrysalis verify proof.json|RECEIPT.json   check a proof offline: what is proven, and what is not
  ./chrysalis policy lint|sign|show|diff|keygen|deny   what may work on a network, and who says so
  ./chrysalis hardware enrol|list|remove|pardon|token|revoke   which machines may work, and whose
  ./chrysalis ledger check           whether the books are whole (of the running system, or of a data folder at rest)
  ./chrysalis prices show|lint FILE|adopt FILE   what jobs cost; what is wrong with a table; the next table, shown against this one
  ./chrysalis deposits code|list|assign|sweep   what developers paid in by transfer, whose it is, and on to the vault
  ./chrysalis log verify --broker-key KEY   whether the log of released keys is whole
  ./chrysalis statement get|check    what a payee earned, receipt by receipt, and whether it holds
  ./chrysalis worker earnings|claim  what this machine's owner is owed, and how to get it without the operator
  ./chrysalis settle [--now] [--dry-run] [--json]   pay what is owed (--now: all of it, whatever the threshold)
  ./chrysalis settle --resume        after a halt, once you have looked; shows pay that a restored backup lost, and asks
  ./chrysalis vault show|…           the contract that holds the money: look, deploy, top up, pause, caps, withdraw, key
  ./chrysalis registry show|…        which images, models, gateways, vaults and prices are believed: look, propose, revoke
  ./chrysalis settlement             only the process that pays in batches
  ./chrysalis bot                    only the bot            (several processes: needs DATABASE_URL of a Postgres)
  ./chrysalis gateway                only the worker gateway
  ./chrysalis worker [--once]        only a worker, started again when it crashes (--once: not)
  ./chrysalis help                   this text

Options of start
  --port N        port of the chat page (environment CHRYSALIS_PORT; default 4800)
  --data DIR      folder for database, queue, keys and sealed files (CHRYSALIS_DATA; default ./data)
  --small         the 0.5B language model, for machines with less than 4 GB free; it translates badly
  --verbose       the log on standard error as well as in the data folder
  TELEGRAM_TOKEN=… ./chrysalis start   talks to Telegram instead of the chat simulator

Options of try
  --to LANG       language of the answer: en, de, ru, …
  --task T        translate, transcribe or summarize, instead of what the bot would choose
  --json          one object a line: task, language, output, segments, checked, model, weights, units, tier, attempts, job, timings
  --data DIR      the data folder of the system to ask
  --timeout S     seconds to wait for each answer (default 600)

Options of verify (exit code 0 accepted, 10 refused, 20 not supported, 30 no proof)
  --text FILE          compare the answer, as you copied it
  --policy-hash HEX    the hash of the list of programs, from where you trust it
  --json               {accepted, outcome, simulated, counts, checks, notProven, facts}

Options of evidence verify (FILE: the quote or report, raw, hex or base64; exit code 0 only when it is accepted)
  --collateral FILE   tdx: JSON of Intel's nine strings; snp: the revocation list that AMD's root signed
  --chain FILE    snp, nvidia: certificates, leaf first, PEM or DER (may be given several times)
  --net NET       mainnet (default), testnet or devnet, which takes simulated evidence of this installation too
  --at TIME       judge as at this time, such as 2026-02-19T12:00:00Z (default: now)
  --policy FILE   judge by this policy too
  --json          {ok, code, tee, status, measurements, hardware}

Options of policy
  lint FILE                           whether it could be valid, and what looks wrong
  sign FILE --key KEYFILE [--out FILE]   adds a signature (in place without --out); prints the hash for the registry
  show FILE [--key HEX …]             contents and signatures; --key: the public keys you trust
  diff OLD NEW                        what changes: what acts at once, what waits; exit code 1 when NEW cannot follow OLD
  keygen --out KEYFILE                a new signing key
  deny HEX [--undo] [--data DIR]      devnet: from now on no worker, machine or measurement of this name

Options of ledger check and prices
  --data DIR      the data folder of the system to ask
  --json          ledger check: {ok, broken: [{invariant, count, example}]}; prices: one object a table

Options of deposits (of the running system, or of a data folder at rest)
  code ACCOUNT                        the comment that credits customer:… with what is sent to the deposit wallet
  list                                what nobody can be credited for yet, and the newest that was
  assign ADDRESS:LT CODE              a transfer of the list, to the account of this code; once
  sweep [--dry-run] [--keep COINS]    what the deposit wallet holds above COINS (1) to the vault; harmless twice
  --json, --data DIR

Options of log verify (DATABASE_URL, or --data DIR of a system that is stopped; exit code 0 when it is whole)
  --broker-key KEY    the public key that workers pin
  --head HEX          a head that was kept elsewhere, from the gateway's log (may be given several times)
  --json              {ok, entries, chains, heads, faults, lostHeads}

Options of statement
  get ADDRESS [--out FILE] [--data DIR]   from the operator's data
  check FILE [--chain URL] [--json]       offline without --chain; exit code 0 when nothing is broken

Options of worker earnings and worker claim (the worker's data folder; no operator needed)
  earnings [--json] [--resume]        the newest voucher; --resume: a person has looked at why the worker stopped
  claim [--chain URL] [--yes]         the ready message; --yes sends it, from a wallet of this folder
  --payee ADDRESS, --data DIR         where there are several, and where they lie

Options of vault and registry (each order is shown first and asked for; exit code 0 only when the chain says that it is so)
  vault show [--json]; vault roles [--json]; vault deploy [--fund AMOUNT] [--owner ADDRESS] [--guardian ADDRESS]
  vault topup AMOUNT; vault pause HOURS; vault unpause
  vault caps [--batch AMOUNT] [--day AMOUNT] [--claim AMOUNT]   lower: at once; higher: a request that waits
  vault withdraw AMOUNT; vault key PUBLICKEY [--overlap DAYS]; vault roles --owner ADDRESS --guardian ADDRESS   requests
  vault execute withdraw|caps|key|roles; vault cancel KIND; vault accept (the new owner)
  registry show [--json]; registry deploy; registry execute N; registry cancel N
  registry propose image|model HASH --source HEX --build HEX [--for worker|gateway] [--from TIME] [--until TIME] [--deprecated]
  registry propose gateway N --identity HEX --url URL; vault N [ADDRESS]; policy HASH; owner|guardian|pricing ADDRESS
  registry revoke image|model HASH; registry revoke gateway N   at once
  registry prices FILE [--previous FILE] [--from TIME]   the hash of a table; the delay follows from the two tables
  --key FILE      the key that signs (default: that of the role in the data folder's keys/)
  --print         the message for another wallet (a multisig); nothing is sent
  --yes           without asking;  --data DIR

Options of hardware (DATABASE_URL, or --data DIR of a system that is stopped)
  enrol ID --tee tdx|snp --owner NAME [--gpus N] [--site audited]   ID: what evidence verify prints under hardware
  list; remove HW; pardon HW          machines as the list names them; pardon ends a quarantine
  token OWNER [--payout ADDRESS]      a new join token for this owner's workers, shown once; revoke OWNER: all of them
`
