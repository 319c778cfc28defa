-- expand
CREATE TABLE "account_storage" (
	"owner_id" uuid PRIMARY KEY NOT NULL,
	"bytes" bigint,
	"measured_at" timestamp(3) with time zone,
	"took_ms" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp(3) with time zone,
	"is_written" boolean DEFAULT false NOT NULL,
	"progress" jsonb
);
--> statement-breakpoint
ALTER TABLE "account_storage" ADD CONSTRAINT "account_storage_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "account_storage_due" ON "account_storage" USING btree ("due_at") WHERE "account_storage"."due_at" is not null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "account_storage_bytes" ON "account_storage" USING btree ("bytes");