-- What an admission was decided from; receipts cite it by its hash.
CREATE TABLE "evidence" (
    "id" CHAR(64) NOT NULL,
    "kid" CHAR(32) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "document" BYTEA NOT NULL,

    CONSTRAINT "evidence_pkey" PRIMARY KEY ("id")
);

-- Whose workers may connect.
CREATE TABLE "join_tokens" (
    "hash" CHAR(64) NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "payout" VARCHAR(80) NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "join_tokens_pkey" PRIMARY KEY ("hash")
);

CREATE INDEX "evidence_at_idx" ON "evidence"("at");

CREATE INDEX "join_tokens_owner_idx" ON "join_tokens"("owner");

-- Evidence that no receipt cites any more is found by this.
CREATE INDEX "receipts_evidence_id_idx" ON "receipts"("evidence_id");
