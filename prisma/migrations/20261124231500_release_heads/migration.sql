-- Jobs whose key the asker holds.
ALTER TABLE "jobs" ADD COLUMN     "client_held" BOOLEAN NOT NULL DEFAULT false;

-- How far a chain of releases had come, signed by the broker.
CREATE TABLE "release_heads" (
    "id" CHAR(64) NOT NULL,
    "aud" CHAR(32) NOT NULL,
    "chain" CHAR(32) NOT NULL,
    "seq" INTEGER NOT NULL,
    "hash" CHAR(64) NOT NULL,
    "prev" CHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "sig" VARCHAR(86) NOT NULL,

    CONSTRAINT "release_heads_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "release_heads_aud_at_idx" ON "release_heads"("aud", "at");
