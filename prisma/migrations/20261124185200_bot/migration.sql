-- CreateEnum
CREATE TYPE "inbox_state" AS ENUM ('open', 'done');

-- CreateEnum
CREATE TYPE "place_kind" AS ENUM ('private', 'group', 'comment', 'append');

-- CreateEnum
CREATE TYPE "delivery_state" AS ENUM ('planned', 'sending', 'sent', 'dropped');

-- CreateEnum
CREATE TYPE "channel_mode" AS ENUM ('off', 'comment', 'append');

-- CreateTable
CREATE TABLE "inbox" (
    "bot_id" BIGINT NOT NULL,
    "update_id" BIGINT NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "chat_id" BIGINT,
    "user_id" BIGINT,
    "message_id" INTEGER,
    "state" "inbox_state" NOT NULL DEFAULT 'open',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_update" BYTEA,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("bot_id","update_id")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "job" CHAR(32) NOT NULL,
    "bot_id" BIGINT NOT NULL,
    "place" "place_kind" NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "thread_id" INTEGER,
    "reply_to" INTEGER,
    "user_id" BIGINT,
    "ui" VARCHAR(8) NOT NULL,
    "task" VARCHAR(32) NOT NULL,
    "flow" VARCHAR(16) NOT NULL,
    "from_lang" VARCHAR(3),
    "to_lang" VARCHAR(3),
    "draft_id" INTEGER NOT NULL,
    "state" "delivery_state" NOT NULL DEFAULT 'planned',
    "parts" INTEGER NOT NULL DEFAULT 0,
    "message_id" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "outcome" VARCHAR(48),
    "model" VARCHAR(48),
    "weights" VARCHAR(71),
    "tier" VARCHAR(16),
    "tokens" INTEGER,
    "audio_ms" INTEGER,
    "attempts" INTEGER,
    "total_ms" INTEGER,

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("job")
);

-- CreateTable
CREATE TABLE "bot_users" (
    "bot_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "ui" VARCHAR(8),
    "reads" VARCHAR(40) NOT NULL,
    "never" VARCHAR(160) NOT NULL,
    "target" VARCHAR(3),
    "summary_from" INTEGER NOT NULL,
    "copies" BOOLEAN NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bot_users_pkey" PRIMARY KEY ("bot_id","user_id")
);

-- CreateTable
CREATE TABLE "copies" (
    "id" CHAR(16) NOT NULL,
    "bot_id" BIGINT NOT NULL,
    "user_id" BIGINT,
    "chat_id" BIGINT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_copy" BYTEA NOT NULL,

    CONSTRAINT "copies_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dialogues" (
    "bot_id" BIGINT NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_state" BYTEA NOT NULL,

    CONSTRAINT "dialogues_pkey" PRIMARY KEY ("bot_id","chat_id")
);

-- CreateTable
CREATE TABLE "channels" (
    "bot_id" BIGINT NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "mode" "channel_mode" NOT NULL DEFAULT 'off',
    "threshold" INTEGER NOT NULL,
    "language" VARCHAR(3),
    "ui" VARCHAR(8) NOT NULL,
    "admin_id" BIGINT NOT NULL,
    "linked_id" BIGINT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "channels_pkey" PRIMARY KEY ("bot_id","chat_id")
);

-- CreateTable
CREATE TABLE "posts" (
    "bot_id" BIGINT NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "message_id" INTEGER NOT NULL,
    "source" CHAR(64) NOT NULL,
    "written" CHAR(64),
    "source_units" INTEGER NOT NULL,
    "job" CHAR(32),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "posts_pkey" PRIMARY KEY ("bot_id","chat_id","message_id")
);

-- CreateTable
CREATE TABLE "groups" (
    "bot_id" BIGINT NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "ui" VARCHAR(8) NOT NULL,
    "voice" BOOLEAN NOT NULL DEFAULT false,
    "translate" VARCHAR(3),
    "locked" BOOLEAN NOT NULL DEFAULT false,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "groups_pkey" PRIMARY KEY ("bot_id","chat_id")
);

-- CreateIndex
CREATE INDEX "inbox_bot_id_state_update_id_idx" ON "inbox"("bot_id", "state", "update_id");

-- CreateIndex
CREATE INDEX "inbox_received_at_idx" ON "inbox"("received_at");

-- CreateIndex
CREATE INDEX "deliveries_bot_id_state_idx" ON "deliveries"("bot_id", "state");

-- CreateIndex
CREATE INDEX "deliveries_chat_id_draft_id_idx" ON "deliveries"("chat_id", "draft_id");

-- CreateIndex
CREATE INDEX "deliveries_user_id_state_idx" ON "deliveries"("user_id", "state");

-- CreateIndex
CREATE INDEX "deliveries_created_at_idx" ON "deliveries"("created_at");

-- CreateIndex
CREATE INDEX "copies_expires_at_idx" ON "copies"("expires_at");

-- CreateIndex
CREATE INDEX "copies_user_id_idx" ON "copies"("user_id");

-- CreateIndex
CREATE INDEX "channels_bot_id_linked_id_idx" ON "channels"("bot_id", "linked_id");

-- CreateIndex
CREATE INDEX "posts_updated_at_idx" ON "posts"("updated_at");

-- CreateIndex
CREATE INDEX "posts_job_idx" ON "posts"("job");

