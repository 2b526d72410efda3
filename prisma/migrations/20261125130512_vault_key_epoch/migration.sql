-- AlterTable
ALTER TABLE "vault_states" ADD COLUMN     "key_epoch" INTEGER;
