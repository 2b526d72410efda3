-- The salt of a job's input, until its answer is delivered.
ALTER TABLE "jobs" ADD COLUMN "wrapped_salt" BYTEA;

-- The gateway's note to a receipt, and who may see both.
ALTER TABLE "receipts" ADD COLUMN "note" BYTEA,
ADD COLUMN "view" CHAR(64);
