-- expand: what the workers of webhooks need
ALTER TABLE "webhooks" ADD COLUMN "not_before" timestamp(3) with time zone;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "webhook_deliveries_waiting" ON "webhook_deliveries" USING btree ("owner_id","webhook_id","next_attempt_at") WHERE "webhook_deliveries"."next_attempt_at" is not null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "webhook_deliveries_leased" ON "webhook_deliveries" USING btree ("owner_id","webhook_id") WHERE "webhook_deliveries"."leased_until" is not null;