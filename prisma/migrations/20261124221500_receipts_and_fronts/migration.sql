-- The signed account of the attempt that answered, to be shown later.
CREATE TABLE "receipts" (
    "job" CHAR(32) NOT NULL,
    "attempt" INTEGER NOT NULL,
    "kid" CHAR(32) NOT NULL,
    "evidence_id" CHAR(64) NOT NULL,
    "digest" CHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "document" BYTEA NOT NULL,

    CONSTRAINT "receipts_pkey" PRIMARY KEY ("job")
);

-- Processes that deliver for the same bot.
CREATE TABLE "fronts" (
    "id" VARCHAR(32) NOT NULL,
    "bot" VARCHAR(32) NOT NULL,

    CONSTRAINT "fronts_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "fronts_bot_idx" ON "fronts"("bot");

-- What is purged is found by its age.
CREATE INDEX "receipts_at_idx" ON "receipts"("at");

CREATE INDEX "releases_at_idx" ON "releases"("at");

CREATE INDEX "jobs_settled_at_idx" ON "jobs"("settled_at");
