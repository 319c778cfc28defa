-- contract: an invitation has a token or an account, and the previous release renews one by another index
DROP INDEX "invitations_email";--> statement-breakpoint
DROP INDEX "invitations_pending";--> statement-breakpoint
DROP INDEX "invitations_invited_by";--> statement-breakpoint
ALTER TABLE "invitations" ALTER COLUMN "email" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "invitations" ALTER COLUMN "token_hash" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "username" text;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "user_id" uuid;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "project_owner_id" uuid;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "project_id" uuid;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "project_role" "project_member_role";--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "declined_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_project_owner_id_project_id_projects_owner_id_id_fk" FOREIGN KEY ("project_owner_id","project_id") REFERENCES "public"."projects"("owner_id","id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
CREATE INDEX "invitations_project" ON "invitations" USING btree ("project_owner_id","project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "invitations_addressee" ON "invitations" USING btree ("email") WHERE "invitations"."project_id" is not null;--> statement-breakpoint
CREATE INDEX "invitations_user" ON "invitations" USING btree ("user_id") WHERE "invitations"."user_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "invitations_email" ON "invitations" USING btree ("email") WHERE "invitations"."project_id" is null and "invitations"."accepted_at" is null and "invitations"."withdrawn_at" is null and "invitations"."declined_at" is null;--> statement-breakpoint
CREATE INDEX "invitations_pending" ON "invitations" USING btree ("created_at","id") WHERE "invitations"."project_id" is null and "invitations"."accepted_at" is null and "invitations"."withdrawn_at" is null and "invitations"."declined_at" is null;--> statement-breakpoint
CREATE INDEX "invitations_invited_by" ON "invitations" USING btree ("invited_by","created_at");--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_target" CHECK (num_nonnulls("invitations"."email", "invitations"."username") = 1 and ("invitations"."username" is null or "invitations"."project_id" is not null));--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_project" CHECK (num_nonnulls("invitations"."project_owner_id", "invitations"."project_id", "invitations"."project_role") in (0, 3));