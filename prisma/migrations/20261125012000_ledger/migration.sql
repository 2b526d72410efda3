-- CreateEnum
CREATE TYPE "asset" AS ENUM ('nano', 'ustar');

-- CreateEnum
CREATE TYPE "hold_state" AS ENUM ('open', 'captured', 'released', 'expired');

-- AlterTable
ALTER TABLE "jobs" ADD COLUMN     "price_amount" BIGINT,
ADD COLUMN     "price_asset" "asset",
ADD COLUMN     "price_free" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "price_tables" (
    "version" INTEGER NOT NULL,
    "hash" CHAR(64) NOT NULL,
    "document" BYTEA NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "price_tables_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "accounts" (
    "account" VARCHAR(96) NOT NULL,
    "asset" "asset" NOT NULL,
    "balance" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("account","asset")
);

-- CreateTable
CREATE TABLE "ledger_tx" (
    "id" BIGSERIAL NOT NULL,
    "reason" VARCHAR(32) NOT NULL,
    "ref" VARCHAR(160) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "reverses" BIGINT,

    CONSTRAINT "ledger_tx_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "postings" (
    "tx" BIGINT NOT NULL,
    "seq" INTEGER NOT NULL,
    "account" VARCHAR(96) NOT NULL,
    "asset" "asset" NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "postings_pkey" PRIMARY KEY ("tx","seq")
);

-- CreateTable
CREATE TABLE "holds" (
    "job" CHAR(32) NOT NULL,
    "account" VARCHAR(96) NOT NULL,
    "asset" "asset" NOT NULL,
    "is_free" BOOLEAN NOT NULL,
    "price_version" INTEGER NOT NULL,
    "task" VARCHAR(32) NOT NULL,
    "model" VARCHAR(48) NOT NULL,
    "tier" VARCHAR(16) NOT NULL,
    "in_tokens" BIGINT NOT NULL,
    "cached_tokens" BIGINT NOT NULL,
    "out_tokens" BIGINT NOT NULL,
    "audio_ms" BIGINT NOT NULL,
    "amount" BIGINT NOT NULL,
    "charge" BIGINT,
    "state" "hold_state" NOT NULL DEFAULT 'open',
    "at" TIMESTAMPTZ(3) NOT NULL,
    "closes_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "holds_pkey" PRIMARY KEY ("job")
);

-- CreateTable
CREATE TABLE "payees" (
    "payee" CHAR(64) NOT NULL,
    "vault" CHAR(64),
    "earned_total" BIGINT NOT NULL DEFAULT 0,
    "paid_total" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "paid_at" TIMESTAMPTZ(3),

    CONSTRAINT "payees_pkey" PRIMARY KEY ("payee")
);

-- CreateTable
CREATE TABLE "pay_receipts" (
    "job" CHAR(32) NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "digest" CHAR(64) NOT NULL,
    "kid" CHAR(32) NOT NULL,
    "evidence_id" CHAR(64) NOT NULL,
    "task" VARCHAR(32) NOT NULL,
    "model" VARCHAR(48) NOT NULL,
    "tier" VARCHAR(16) NOT NULL,
    "weights" VARCHAR(71) NOT NULL,
    "payee" CHAR(64),
    "pay" BIGINT NOT NULL,
    "total_after" BIGINT NOT NULL,
    "asset" "asset" NOT NULL,
    "charge" BIGINT NOT NULL,
    "is_free" BOOLEAN NOT NULL,
    "price_version" INTEGER NOT NULL,
    "in_tokens" BIGINT NOT NULL,
    "cached_tokens" BIGINT NOT NULL,
    "out_tokens" BIGINT NOT NULL,
    "audio_ms" BIGINT NOT NULL,
    "said_in_tokens" BIGINT NOT NULL,
    "said_cached_tokens" BIGINT NOT NULL,
    "said_out_tokens" BIGINT NOT NULL,
    "said_audio_ms" BIGINT NOT NULL,
    "is_recounted" BOOLEAN NOT NULL,
    "seen_in_tokens" BIGINT NOT NULL,
    "seen_cached_tokens" BIGINT NOT NULL,
    "seen_out_tokens" BIGINT NOT NULL,
    "seen_audio_ms" BIGINT NOT NULL,
    "is_reviewed" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "commit_epoch" INTEGER,
    "commit_index" INTEGER,

    CONSTRAINT "pay_receipts_pkey" PRIMARY KEY ("job")
);

-- CreateTable
CREATE TABLE "grant_hours" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "granted" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "grant_hours_pkey" PRIMARY KEY ("hour")
);

-- CreateTable
CREATE TABLE "worker_reviews" (
    "kid" CHAR(32) NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 0,
    "job" CHAR(32) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "worker_reviews_pkey" PRIMARY KEY ("kid")
);

-- CreateIndex
CREATE UNIQUE INDEX "price_tables_hash_key" ON "price_tables"("hash");

-- CreateIndex
CREATE INDEX "ledger_tx_at_idx" ON "ledger_tx"("at");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_tx_reason_ref_key" ON "ledger_tx"("reason", "ref");

-- CreateIndex
CREATE INDEX "postings_account_asset_idx" ON "postings"("account", "asset");

-- CreateIndex
CREATE INDEX "holds_state_closes_at_idx" ON "holds"("state", "closes_at");

-- CreateIndex
CREATE INDEX "holds_account_at_idx" ON "holds"("account", "at");

-- CreateIndex
CREATE INDEX "payees_vault_idx" ON "payees"("vault");

-- CreateIndex
CREATE UNIQUE INDEX "pay_receipts_seq_key" ON "pay_receipts"("seq");

-- CreateIndex
CREATE UNIQUE INDEX "pay_receipts_digest_key" ON "pay_receipts"("digest");

-- CreateIndex
CREATE INDEX "pay_receipts_payee_seq_idx" ON "pay_receipts"("payee", "seq");

-- CreateIndex
CREATE INDEX "pay_receipts_commit_epoch_seq_idx" ON "pay_receipts"("commit_epoch", "seq");

-- CreateIndex
CREATE INDEX "pay_receipts_at_idx" ON "pay_receipts"("at");

-- Amounts. `earned_total >= paid_total` is not a check: a restored backup must still load.
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_not_overdrawn" CHECK ("balance" >= 0);
ALTER TABLE "postings" ADD CONSTRAINT "postings_move_something" CHECK ("amount" <> 0);
ALTER TABLE "holds" ADD CONSTRAINT "holds_charge_within" CHECK ("amount" >= 0 AND ("charge" IS NULL OR "charge" BETWEEN 0 AND "amount"));
ALTER TABLE "holds" ADD CONSTRAINT "holds_closed_once" CHECK (("state" = 'open') = ("closed_at" IS NULL));
ALTER TABLE "payees" ADD CONSTRAINT "payees_totals" CHECK ("earned_total" >= 0 AND "paid_total" >= 0);
ALTER TABLE "pay_receipts" ADD CONSTRAINT "pay_receipts_amounts" CHECK ("pay" >= 0 AND "charge" >= 0 AND "total_after" >= "pay");
ALTER TABLE "grant_hours" ADD CONSTRAINT "grant_hours_amount" CHECK ("granted" >= 0);

-- Postings of a transaction sum to 0 in each asset when the database transaction commits, whoever wrote them.
CREATE FUNCTION "postings_must_balance"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM "ledger_tx" WHERE "id" = NEW."tx") THEN
    RAISE EXCEPTION 'posting without transaction' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'postings_tx';
  END IF;
  IF EXISTS (SELECT 1 FROM "postings" WHERE "tx" = NEW."tx" GROUP BY "asset" HAVING SUM("amount") <> 0) THEN
    RAISE EXCEPTION 'unbalanced ledger transaction' USING ERRCODE = 'check_violation', CONSTRAINT = 'postings_balance';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "postings_balance" AFTER INSERT ON "postings"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "postings_must_balance"();

-- Cached balances follow postings, so that the two cannot part.
CREATE FUNCTION "postings_move_balances"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "accounts" SET "balance" = "balance" + NEW."amount" WHERE "account" = NEW."account" AND "asset" = NEW."asset";
  IF NOT FOUND THEN
    INSERT INTO "accounts" AS "a" ("account", "asset", "balance") VALUES (NEW."account", NEW."asset", NEW."amount")
      ON CONFLICT ("account", "asset") DO UPDATE SET "balance" = "a"."balance" + EXCLUDED."balance";
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "postings_balances" AFTER INSERT ON "postings" FOR EACH ROW
  WHEN (NEW."account" LIKE 'customer:%' OR NEW."account" LIKE 'free:%' OR NEW."account" LIKE 'held:%')
  EXECUTE FUNCTION "postings_move_balances"();

-- What is written stays: a correction is a transaction that reverses.
CREATE FUNCTION "ledger_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_append_only';
END $$;
CREATE TRIGGER "postings_stay" BEFORE UPDATE OR DELETE ON "postings" FOR EACH ROW EXECUTE FUNCTION "ledger_is_append_only"();
CREATE TRIGGER "ledger_tx_stay" BEFORE UPDATE OR DELETE ON "ledger_tx" FOR EACH ROW EXECUTE FUNCTION "ledger_is_append_only"();
CREATE TRIGGER "price_tables_stay" BEFORE UPDATE OR DELETE ON "price_tables" FOR EACH ROW EXECUTE FUNCTION "ledger_is_append_only"();
