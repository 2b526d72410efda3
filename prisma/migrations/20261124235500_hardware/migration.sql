-- How a machine's place is known.
CREATE TYPE "site" AS ENUM ('unknown', 'audited');

-- Machines that owners may bring.
CREATE TABLE "hardware" (
    "hw" CHAR(64) NOT NULL,
    "tee" VARCHAR(8) NOT NULL,
    "owner" VARCHAR(64) NOT NULL,
    "gpus" INTEGER NOT NULL,
    "site" "site" NOT NULL DEFAULT 'unknown',
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL,
    "split_at" TIMESTAMPTZ(3),

    CONSTRAINT "hardware_pkey" PRIMARY KEY ("hw")
);

-- Workers that are connected now, of all gateways.
CREATE TABLE "live_workers" (
    "kid" CHAR(32) NOT NULL,
    "hw" CHAR(64) NOT NULL,
    "gateway" VARCHAR(32) NOT NULL,
    "network" CHAR(32) NOT NULL,
    "devices" CHAR(64)[],
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "live_workers_pkey" PRIMARY KEY ("kid")
);

CREATE INDEX "hardware_owner_idx" ON "hardware"("owner");

CREATE INDEX "live_workers_hw_idx" ON "live_workers"("hw");

CREATE INDEX "live_workers_gateway_idx" ON "live_workers"("gateway");
