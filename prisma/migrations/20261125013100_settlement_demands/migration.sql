-- The wallet's number that a person accepted when the last halt was lifted.
ALTER TABLE "vault_states" ADD COLUMN "seqno_floor" INTEGER;

-- An owner asked for what is owed; served by the next batch, or by none when it is too soon.
CREATE TABLE "payout_demands" (
    "payee" CHAR(64) NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payout_demands_pkey" PRIMARY KEY ("payee")
);
