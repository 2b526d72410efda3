-- What is handled in order, by one process at a time: the chat; the update itself where it has none.
ALTER TABLE "inbox" ADD COLUMN "lane" BIGINT;
UPDATE "inbox" SET "lane" = COALESCE("chat_id", "update_id");
ALTER TABLE "inbox" ALTER COLUMN "lane" SET NOT NULL;

-- Which process handles a lane now.
CREATE TABLE "inbox_lanes" (
    "bot_id" BIGINT NOT NULL,
    "lane" BIGINT NOT NULL,
    "holder" VARCHAR(32) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "inbox_lanes_pkey" PRIMARY KEY ("bot_id","lane")
);

-- The process that shows drafts and is handed the answer.
ALTER TABLE "deliveries" ADD COLUMN "front" VARCHAR(32);

-- Chats that refused the bot.
CREATE TABLE "unreachable_chats" (
    "bot_id" BIGINT NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "unreachable_chats_pkey" PRIMARY KEY ("bot_id","chat_id")
);

CREATE INDEX "inbox_lanes_bot_id_holder_idx" ON "inbox_lanes"("bot_id", "holder");
