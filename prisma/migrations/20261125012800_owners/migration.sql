-- GPU owners: their machines, where they are paid, what they are told.
-- CreateEnum
CREATE TYPE "machine_state" AS ENUM ('working', 'paused', 'draining');

-- CreateEnum
CREATE TYPE "payout_change_state" AS ENUM ('proven', 'waiting', 'done', 'cancelled');

-- AlterTable
ALTER TABLE "join_tokens" ADD COLUMN     "hw" CHAR(64),
ADD COLUMN     "single" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "state" "machine_state" NOT NULL DEFAULT 'working',
ADD COLUMN     "unused_until" TIMESTAMPTZ(3),
ADD COLUMN     "used_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "machines" (
    "token" CHAR(64) NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "number" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "removed_at" TIMESTAMPTZ(3),
    "kid" CHAR(32),
    "tier" VARCHAR(16),
    "evidence_until" TIMESTAMPTZ(3),
    "admitted_at" TIMESTAMPTZ(3),
    "ready_at" TIMESTAMPTZ(3),
    "models" VARCHAR(160),
    "seen_at" TIMESTAMPTZ(3),
    "gone_at" TIMESTAMPTZ(3),
    "refused" VARCHAR(48),
    "refused_at" TIMESTAMPTZ(3),
    "token_message" INTEGER,
    "progress_message" INTEGER,
    "told_offline" BOOLEAN NOT NULL DEFAULT false,
    "told_evidence" BOOLEAN NOT NULL DEFAULT false,
    "told_image" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "machines_pkey" PRIMARY KEY ("token")
);

-- CreateTable
CREATE TABLE "machine_keys" (
    "kid" CHAR(32) NOT NULL,
    "token" CHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "machine_keys_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "owners" (
    "id" VARCHAR(64) NOT NULL,
    "payout" VARCHAR(80) NOT NULL DEFAULT '',
    "proven" BOOLEAN NOT NULL DEFAULT false,
    "linked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "on_offline" BOOLEAN NOT NULL DEFAULT true,
    "on_evidence" BOOLEAN NOT NULL DEFAULT true,
    "on_image" BOOLEAN NOT NULL DEFAULT true,
    "on_payout" BOOLEAN NOT NULL DEFAULT true,
    "live_message" INTEGER,
    "live_until" TIMESTAMPTZ(3),
    "paid_told" TIMESTAMPTZ(3),

    CONSTRAINT "owners_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout_changes" (
    "id" CHAR(16) NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "open" VARCHAR(64),
    "from" VARCHAR(80) NOT NULL,
    "to" VARCHAR(80) NOT NULL,
    "state" "payout_change_state" NOT NULL,
    "proven_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "reminded" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "payout_changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "wallet_tickets" (
    "hash" CHAR(64) NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "wallet_tickets_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "wallet_nonces" (
    "hash" CHAR(64) NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "wallet_nonces_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "owner_notices" (
    "id" BIGSERIAL NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(24) NOT NULL,
    "machine" INTEGER,
    "nano" BIGINT,
    "ref" VARCHAR(80),
    "at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "owner_notices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "machines_owner_number_key" ON "machines"("owner", "number");

-- CreateIndex
CREATE INDEX "machine_keys_token_idx" ON "machine_keys"("token");

-- CreateIndex
CREATE UNIQUE INDEX "payout_changes_open_key" ON "payout_changes"("open");

-- CreateIndex
CREATE INDEX "payout_changes_state_due_at_idx" ON "payout_changes"("state", "due_at");

-- CreateIndex
CREATE INDEX "wallet_tickets_expires_at_idx" ON "wallet_tickets"("expires_at");

-- CreateIndex
CREATE INDEX "wallet_nonces_expires_at_idx" ON "wallet_nonces"("expires_at");

-- CreateIndex
CREATE INDEX "owner_notices_sent_at_id_idx" ON "owner_notices"("sent_at", "id");
