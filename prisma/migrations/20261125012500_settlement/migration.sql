-- CreateEnum
CREATE TYPE "batch_state" AS ENUM ('planned', 'signed', 'broadcast', 'seen', 'finalized', 'closed', 'expired', 'failed');

-- CreateEnum
CREATE TYPE "chunk_kind" AS ENUM ('settle', 'commit');

-- CreateTable
CREATE TABLE "batches" (
    "id" BIGSERIAL NOT NULL,
    "vault" CHAR(64) NOT NULL,
    "state" "batch_state" NOT NULL DEFAULT 'planned',
    "planned_at" TIMESTAMPTZ(3) NOT NULL,
    "wallet" CHAR(64),
    "fence" BIGINT,
    "seqno" INTEGER,
    "valid_until" BIGINT,
    "message" BYTEA,
    "norm_hash" CHAR(64),
    "tries" INTEGER NOT NULL DEFAULT 0,
    "sent_at" TIMESTAMPTZ(3),
    "wallet_lt" BIGINT,
    "wallet_tx" CHAR(64),
    "fees_nano" BIGINT NOT NULL DEFAULT 0,
    "ended_at" TIMESTAMPTZ(3),
    "reason" VARCHAR(48),

    CONSTRAINT "batches_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "batch_chunks" (
    "batch" BIGINT NOT NULL,
    "chunk" INTEGER NOT NULL,
    "kind" "chunk_kind" NOT NULL,
    "value_nano" BIGINT NOT NULL,
    "vault_lt" BIGINT,
    "exit_code" INTEGER,
    "action_code" INTEGER,
    "out_messages" INTEGER,

    CONSTRAINT "batch_chunks_pkey" PRIMARY KEY ("batch","chunk")
);

-- CreateTable
CREATE TABLE "batch_lines" (
    "batch" BIGINT NOT NULL,
    "payee" CHAR(64) NOT NULL,
    "chunk" INTEGER NOT NULL,
    "paid_before" BIGINT NOT NULL,
    "target" BIGINT NOT NULL,

    CONSTRAINT "batch_lines_pkey" PRIMARY KEY ("batch","payee")
);

-- CreateTable
CREATE TABLE "payouts" (
    "vault" CHAR(64) NOT NULL,
    "lt" BIGINT NOT NULL,
    "payee" CHAR(64) NOT NULL,
    "tx_hash" CHAR(64) NOT NULL,
    "amount_nano" BIGINT NOT NULL,
    "total_nano" BIGINT NOT NULL,
    "batch" BIGINT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payouts_pkey" PRIMARY KEY ("vault","lt","payee")
);

-- CreateTable
CREATE TABLE "vault_states" (
    "vault" CHAR(64) NOT NULL,
    "cursor_lt" BIGINT NOT NULL DEFAULT 0,
    "cursor_hash" CHAR(64),
    "chunk_size" INTEGER NOT NULL DEFAULT 60,
    "value_factor" INTEGER NOT NULL DEFAULT 150,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "wait_until" TIMESTAMPTZ(3),
    "wait_code" VARCHAR(48),
    "halted_at" TIMESTAMPTZ(3),
    "halt_code" VARCHAR(48),

    CONSTRAINT "vault_states_pkey" PRIMARY KEY ("vault")
);

-- CreateTable
CREATE TABLE "sender_leases" (
    "wallet" CHAR(64) NOT NULL,
    "holder" CHAR(32) NOT NULL,
    "fence" BIGINT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sender_leases_pkey" PRIMARY KEY ("wallet")
);

-- CreateTable
CREATE TABLE "commit_epochs" (
    "vault" CHAR(64) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "total_nano" BIGINT NOT NULL,
    "root" CHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "batch" BIGINT,
    "seen_lt" BIGINT,

    CONSTRAINT "commit_epochs_pkey" PRIMARY KEY ("vault","epoch")
);

-- CreateIndex
CREATE UNIQUE INDEX "batches_norm_hash_key" ON "batches"("norm_hash");

-- CreateIndex
CREATE INDEX "batches_vault_state_idx" ON "batches"("vault", "state");

-- CreateIndex
CREATE INDEX "batches_planned_at_idx" ON "batches"("planned_at");

-- CreateIndex
CREATE INDEX "batch_lines_payee_idx" ON "batch_lines"("payee");

-- CreateIndex
CREATE INDEX "payouts_payee_idx" ON "payouts"("payee");

-- CreateIndex
CREATE INDEX "payouts_batch_idx" ON "payouts"("batch");

-- Of one vault at most one batch is open.
CREATE UNIQUE INDEX "batches_open_key" ON "batches"("vault") WHERE "state" NOT IN ('closed', 'expired', 'failed');

-- Totals only grow, and what is sent is signed for a wallet.
ALTER TABLE "batch_lines" ADD CONSTRAINT "batch_lines_target_check" CHECK ("target" > "paid_before" AND "paid_before" >= 0);
ALTER TABLE "payouts" ADD CONSTRAINT "payouts_amount_check" CHECK ("amount_nano" > 0);
ALTER TABLE "batches" ADD CONSTRAINT "batches_signed_check" CHECK (
  "state" IN ('planned', 'expired', 'failed')
  OR ("wallet" IS NOT NULL AND "fence" IS NOT NULL AND "seqno" IS NOT NULL
      AND "valid_until" IS NOT NULL AND "message" IS NOT NULL AND "norm_hash" IS NOT NULL)
);
