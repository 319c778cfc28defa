-- expand
CREATE TABLE "invitations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"role" "user_role" NOT NULL,
	"token_hash" text NOT NULL,
	"confirms_email" boolean NOT NULL,
	"invited_by" uuid,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"accepted_at" timestamp(3) with time zone,
	"accepted_by" uuid,
	"withdrawn_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "password_links" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"token_hash" text NOT NULL,
	"account_fingerprint" text NOT NULL,
	"confirms_email" boolean NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_people" ON "tasks" USING btree ("assignee_id","owner_id") WHERE "tasks"."assignee_id" is not null;
--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_assigned_trash";
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "invitations_token" ON "invitations" USING btree ("token_hash");
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "invitations_email" ON "invitations" USING btree ("email") WHERE "invitations"."accepted_at" is null and "invitations"."withdrawn_at" is null;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "invitations_pending" ON "invitations" USING btree ("created_at","id") WHERE "invitations"."accepted_at" is null and "invitations"."withdrawn_at" is null;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "invitations_invited_by" ON "invitations" USING btree ("invited_by");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "invitations_accepted_by" ON "invitations" USING btree ("accepted_by");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "invitations_expiry" ON "invitations" USING btree ("expires_at") WHERE "invitations"."accepted_at" is null;
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "password_links_token" ON "password_links" USING btree ("token_hash");
--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_invited_by_users_id_fk" FOREIGN KEY ("invited_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_accepted_by_users_id_fk" FOREIGN KEY ("accepted_by") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "password_links" ADD CONSTRAINT "password_links_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "users_people" ON "users" USING btree (left(CASE WHEN octet_length(coalesce("name", "username", regexp_replace("email", '^(.).*@', '\1…@'))) = char_length(coalesce("name", "username", regexp_replace("email", '^(.).*@', '\1…@'))) THEN lower(coalesce("name", "username", regexp_replace("email", '^(.).*@', '\1…@')) COLLATE "C") ELSE fold_other_letters(coalesce("name", "username", regexp_replace("email", '^(.).*@', '\1…@'))) END, 200) collate "C","id") WHERE "users"."deleted_at" is null and not "users"."disabled";
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "users_name" ON "users" USING btree (left(CASE WHEN octet_length("name") = char_length("name") THEN lower("name" COLLATE "C") ELSE fold_other_letters("name") END, 200) collate "C") WHERE "users"."deleted_at" is null and not "users"."disabled";
