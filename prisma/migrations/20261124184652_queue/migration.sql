-- CreateEnum
CREATE TYPE "job_state" AS ENUM ('queued', 'running', 'done', 'failed', 'cancelled', 'expired');

-- CreateEnum
CREATE TYPE "job_class" AS ENUM ('interactive', 'channel', 'batch');

-- CreateTable
CREATE TABLE "jobs" (
    "id" CHAR(32) NOT NULL,
    "front" VARCHAR(32) NOT NULL,
    "owner" CHAR(32) NOT NULL,
    "request_key" CHAR(64) NOT NULL,
    "task" VARCHAR(32) NOT NULL,
    "model" VARCHAR(48) NOT NULL,
    "tier" VARCHAR(16) NOT NULL,
    "class" "job_class" NOT NULL,
    "state" "job_state" NOT NULL DEFAULT 'queued',
    "code" VARCHAR(48),
    "last_code" VARCHAR(48),
    "max_attempts" INTEGER NOT NULL,
    "max_output_bytes" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "lease" CHAR(64),
    "kid" CHAR(32),
    "evidence_id" CHAR(64),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "sealed_envelope" BYTEA,
    "wrapped_cek" BYTEA,
    "wrapped_result" BYTEA,
    "sealed_result" BYTEA,
    "blob_id" CHAR(32),
    "input_hash" CHAR(64) NOT NULL,
    "receipt_digest" CHAR(64),
    "weights" VARCHAR(71),
    "in_tokens" BIGINT NOT NULL DEFAULT 0,
    "cached_tokens" BIGINT NOT NULL DEFAULT 0,
    "out_tokens" BIGINT NOT NULL DEFAULT 0,
    "audio_ms" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "releases" (
    "chain" CHAR(32) NOT NULL,
    "seq" INTEGER NOT NULL,
    "job" CHAR(32) NOT NULL,
    "attempt" INTEGER NOT NULL,
    "lease" CHAR(64) NOT NULL,
    "kid" CHAR(32) NOT NULL,
    "evidence_id" CHAR(64) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "env_hash" CHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "prev" CHAR(64) NOT NULL,
    "hash" CHAR(64) NOT NULL,

    CONSTRAINT "releases_pkey" PRIMARY KEY ("chain","seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "jobs_request_key_key" ON "jobs"("request_key");

-- CreateIndex
CREATE INDEX "jobs_state_expires_at_idx" ON "jobs"("state", "expires_at");

-- CreateIndex
CREATE INDEX "jobs_front_delivered_at_state_idx" ON "jobs"("front", "delivered_at", "state");

-- CreateIndex
CREATE INDEX "jobs_blob_id_idx" ON "jobs"("blob_id");

-- CreateIndex
CREATE UNIQUE INDEX "releases_job_attempt_key" ON "releases"("job", "attempt");
