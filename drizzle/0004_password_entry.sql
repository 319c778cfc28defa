-- expand
ALTER TABLE "sessions" ADD COLUMN "password_entered_at" timestamp(3) with time zone;