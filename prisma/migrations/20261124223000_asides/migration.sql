-- Answers in groups that only the asker sees, and the message that becomes one.
ALTER TYPE "place_kind" ADD VALUE 'aside';
ALTER TABLE "deliveries" ADD COLUMN "ephemeral_id" INTEGER;

-- Answers to commands are shown to everybody, not only to whoever asked.
ALTER TABLE "groups" ADD COLUMN "open" BOOLEAN NOT NULL DEFAULT false;
