-- CreateEnum
CREATE TYPE "star_kind" AS ENUM ('pack', 'plan');

-- CreateEnum
CREATE TYPE "star_payment_state" AS ENUM ('credited', 'suspense', 'refunded');

-- CreateEnum
CREATE TYPE "star_refund_state" AS ENUM ('requested', 'done');

-- CreateEnum
CREATE TYPE "star_plan_state" AS ENUM ('active', 'canceled', 'failed');

-- CreateEnum
CREATE TYPE "star_ticket_state" AS ENUM ('open', 'closed');

-- CreateEnum
CREATE TYPE "deposit_state" AS ENUM ('credited', 'suspense');

-- AlterTable
ALTER TABLE "bot_users" ADD COLUMN     "ask_above" BIGINT NOT NULL DEFAULT 100000;

-- CreateTable
CREATE TABLE "star_invoices" (
    "id" CHAR(32) NOT NULL,
    "bot_id" BIGINT NOT NULL,
    "customer" CHAR(32) NOT NULL,
    "kind" "star_kind" NOT NULL,
    "ustar" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "paid_by" VARCHAR(160),

    CONSTRAINT "star_invoices_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "star_payments" (
    "charge_id" VARCHAR(160) NOT NULL,
    "bot_id" BIGINT NOT NULL,
    "user_id" BIGINT,
    "customer" CHAR(32) NOT NULL,
    "invoice" CHAR(32),
    "kind" "star_kind" NOT NULL,
    "ustar" BIGINT NOT NULL,
    "state" "star_payment_state" NOT NULL,
    "paid_at" TIMESTAMPTZ(3) NOT NULL,
    "is_repair" BOOLEAN NOT NULL,

    CONSTRAINT "star_payments_pkey" PRIMARY KEY ("charge_id")
);

-- CreateTable
CREATE TABLE "star_refunds" (
    "charge_id" VARCHAR(160) NOT NULL,
    "state" "star_refund_state" NOT NULL,
    "unspent" BIGINT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "star_refunds_pkey" PRIMARY KEY ("charge_id")
);

-- CreateTable
CREATE TABLE "star_plans" (
    "bot_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "invoice" CHAR(32) NOT NULL,
    "charge_id" VARCHAR(160) NOT NULL,
    "ustar" BIGINT NOT NULL,
    "state" "star_plan_state" NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "star_plans_pkey" PRIMARY KEY ("bot_id","user_id")
);

-- CreateTable
CREATE TABLE "star_tickets" (
    "number" SERIAL NOT NULL,
    "bot_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "ui" VARCHAR(8) NOT NULL,
    "charge_id" VARCHAR(160),
    "state" "star_ticket_state" NOT NULL DEFAULT 'open',
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "star_tickets_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "deposit_codes" (
    "code" CHAR(11) NOT NULL,
    "account" VARCHAR(80) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deposit_codes_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "deposits" (
    "wallet" CHAR(64) NOT NULL,
    "lt" BIGINT NOT NULL,
    "hash" CHAR(64) NOT NULL,
    "source" VARCHAR(80) NOT NULL,
    "nano" BIGINT NOT NULL,
    "state" "deposit_state" NOT NULL,
    "reason" VARCHAR(24),
    "code" CHAR(11),
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deposits_pkey" PRIMARY KEY ("wallet","lt")
);

-- CreateIndex
CREATE INDEX "star_invoices_expires_at_idx" ON "star_invoices"("expires_at");

-- CreateIndex
CREATE INDEX "star_payments_user_id_paid_at_idx" ON "star_payments"("user_id", "paid_at");

-- CreateIndex
CREATE INDEX "star_payments_customer_idx" ON "star_payments"("customer");

-- CreateIndex
CREATE INDEX "star_payments_bot_id_paid_at_idx" ON "star_payments"("bot_id", "paid_at");

-- CreateIndex
CREATE INDEX "star_refunds_state_idx" ON "star_refunds"("state");

-- CreateIndex
CREATE INDEX "star_plans_invoice_idx" ON "star_plans"("invoice");

-- CreateIndex
CREATE INDEX "star_tickets_bot_id_user_id_idx" ON "star_tickets"("bot_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "deposit_codes_account_key" ON "deposit_codes"("account");

-- CreateIndex
CREATE INDEX "deposits_state_idx" ON "deposits"("state");

-- Sums are whole and never negative; a payment is of at least one Star.
ALTER TABLE "star_invoices" ADD CONSTRAINT "star_invoices_ustar_check" CHECK ("ustar" > 0 AND "ustar" % 1000000 = 0);
ALTER TABLE "star_payments" ADD CONSTRAINT "star_payments_ustar_check" CHECK ("ustar" > 0 AND "ustar" % 1000000 = 0);
ALTER TABLE "star_refunds" ADD CONSTRAINT "star_refunds_unspent_check" CHECK ("unspent" >= 0);
ALTER TABLE "deposits" ADD CONSTRAINT "deposits_nano_check" CHECK ("nano" >= 0);
ALTER TABLE "bot_users" ADD CONSTRAINT "bot_users_ask_above_check" CHECK ("ask_above" >= 0);
