-- CreateTable
CREATE TABLE "deposit_sweeps" (
    "wallet" CHAR(64) NOT NULL,
    "vault" CHAR(64) NOT NULL,
    "amount_nano" BIGINT NOT NULL,
    "message" BYTEA NOT NULL,
    "norm_hash" CHAR(64) NOT NULL,
    "after_lt" BIGINT NOT NULL,
    "valid_until" BIGINT NOT NULL,

    CONSTRAINT "deposit_sweeps_pkey" PRIMARY KEY ("wallet")
);
