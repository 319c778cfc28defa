-- expand
ALTER TABLE "users" ADD COLUMN "purge_after" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_id_of_no_owner" CHECK ("projects"."id" <> "projects"."owner_id");