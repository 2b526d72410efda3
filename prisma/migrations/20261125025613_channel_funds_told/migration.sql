-- AlterTable
ALTER TABLE "channels" ADD COLUMN     "funds_told" DATE;
