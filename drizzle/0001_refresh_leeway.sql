-- expand
ALTER TABLE "refresh_tokens" ADD COLUMN "used_from" text;