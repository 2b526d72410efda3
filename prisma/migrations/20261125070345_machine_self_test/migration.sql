-- AlterTable
ALTER TABLE "machines" ADD COLUMN     "failed" VARCHAR(160),
ADD COLUMN     "told_refused" BOOLEAN NOT NULL DEFAULT false;
