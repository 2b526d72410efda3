-- AlterTable
ALTER TABLE "grant_hours" DROP CONSTRAINT "grant_hours_pkey",
ADD COLUMN     "part" SMALLINT NOT NULL DEFAULT 0,
ADD CONSTRAINT "grant_hours_pkey" PRIMARY KEY ("hour", "part");
