-- In which language an owner is told of machines and payouts.
ALTER TABLE "owners" ADD COLUMN     "ui" VARCHAR(8);
