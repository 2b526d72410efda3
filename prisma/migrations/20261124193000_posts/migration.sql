-- The post itself while its summary is being made, sealed.
ALTER TABLE "posts" ADD COLUMN "sealed_post" BYTEA;
