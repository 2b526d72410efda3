-- CreateTable
CREATE TABLE "statement_epochs" (
    "vault" CHAR(64) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "receipts" INTEGER NOT NULL,
    "payees" INTEGER NOT NULL,
    "total_nano" BIGINT NOT NULL,
    "receipts_root" CHAR(64) NOT NULL,
    "balances_root" CHAR(64) NOT NULL,
    "root" CHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "statement_epochs_pkey" PRIMARY KEY ("vault","epoch"),
    CONSTRAINT "statement_epochs_sums" CHECK ("total_nano" >= 0 AND "receipts" >= 0 AND "payees" >= 0)
);

-- CreateTable
CREATE TABLE "higher_vouchers" (
    "vault" CHAR(64) NOT NULL,
    "payee" CHAR(64) NOT NULL,
    "total_nano" BIGINT NOT NULL,
    "known_nano" BIGINT NOT NULL,
    "key_epoch" BIGINT NOT NULL,
    "sig" CHAR(128) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "higher_vouchers_pkey" PRIMARY KEY ("vault","payee")
);
