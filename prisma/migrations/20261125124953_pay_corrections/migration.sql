-- CreateTable
CREATE TABLE "pay_corrections" (
    "tx" BIGINT NOT NULL,
    "payee" CHAR(64) NOT NULL,
    "before_nano" BIGINT NOT NULL,
    "amount_nano" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pay_corrections_pkey" PRIMARY KEY ("tx")
);

-- CreateIndex
CREATE UNIQUE INDEX "pay_corrections_payee_before_nano_key" ON "pay_corrections"("payee", "before_nano");
